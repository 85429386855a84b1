package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/api"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/apitoken"
	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/atomicfile"
	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
	"github.com/demarc/demarc/controlplane/internal/platform/obs"
	"github.com/demarc/demarc/controlplane/internal/platform/pgserver"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Files of the data folder that tell others about the running server.
const (
	endpointFile = "endpoint"        // its URL, while it is ready
	tokenFile    = "bootstrap-token" // the owner's token, made at the first start, for the owner's eyes
)

const workers = 16

// Serve runs the server until ctx ends; then what is being done ends well, for as long as the configuration allows.
func Serve(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return err
	}
	d, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer d.close()
	keys, err := vault.Open(ctx, d.DB, vault.Options{KeyFile: cfg.EncryptionKeyFile, Log: log})
	if err != nil {
		return err
	}
	s, err := build(ctx, cfg, d.DB, keys, log, parts{clock: clock.Real()})
	if err != nil {
		return err
	}
	// Without its database the server has nothing to do; whoever looks after it starts both again.
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	go func() {
		select {
		case <-d.ended:
			give(errDatabaseEnded)
		case <-ctx.Done():
		}
	}()
	if err := s.run(ctx); err != nil {
		return err
	}
	if cause := context.Cause(ctx); errors.Is(cause, errDatabaseEnded) {
		return cause
	}
	return nil
}

var errDatabaseEnded = errors.New("the private PostgreSQL has ended by itself; its log is in the data folder")

// Migrate brings the database to the schema of this program, and returns.
func Migrate(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return err
	}
	d, err := openDatabase(ctx, cfg, log)
	if err == nil {
		d.close()
	}
	return err
}

// database is a connection to one, and what ends with it.
type database struct {
	*db.DB
	stop  func()
	ended <-chan struct{} // closed when a private PostgreSQL has ended, by itself or not
}

func (d *database) close() {
	d.Close()
	d.stop()
}

// openDatabase connects to the configured database, or to a private one that it starts, and migrates it.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (*database, error) {
	url, stop, ended := cfg.DatabaseURL.Reveal(), func() {}, (<-chan struct{})(nil)
	if url == "" {
		pg, err := pgserver.Start(ctx, pgserver.Options{DataDir: filepath.Join(cfg.DataDir, "postgres"), Logger: log})
		if err != nil {
			return nil, fmt.Errorf("private PostgreSQL: %w", err)
		}
		url, ended = pg.URL(), pg.Done()
		stop = func() {
			ctx, cancel := context.WithTimeout(context.Background(), cfg.ShutdownTimeout)
			defer cancel()
			if err := pg.Stop(ctx); err != nil {
				log.Error("private PostgreSQL did not stop well", "error", err)
			}
		}
	}
	d, err := db.Open(ctx, url, db.Options{Logger: log})
	if err == nil {
		if err = d.Migrate(ctx); err != nil {
			d.Close()
		}
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("database: %w", err)
	}
	return &database{d, stop, ended}, nil
}

// server is everything that runs.
type server struct {
	cfg      config.Config
	log      *slog.Logger
	db       *db.DB
	api      *httpapi.Server
	jobs     *jobs.Jobs
	loop     *reconcile.Loop
	drivers  *hypervisor.Registry
	access   *authz.Evaluator
	tokens   *apitoken.Authenticator
	services services
	ready    readiness
}

// parts are what a server can have another of than its own.
type parts struct {
	clock clock.Clock
	// authenticators are asked after the server's own.
	authenticators []authn.Authenticator
	// nouns are kinds beside the server's own, and contract is the specification that has them.
	nouns    []func(module.Deps) noun
	contract []byte
}

func build(ctx context.Context, cfg config.Config, d *db.DB, keys *vault.Vault, log *slog.Logger, with parts) (*server, error) {
	clk, metrics := with.clock, obs.NewMetrics()
	specification := api.OpenAPI
	if with.contract != nil {
		specification = with.contract
	}
	contract, err := spec.Load(specification)
	if err != nil {
		return nil, err
	}
	var answers httpapi.AnswerChecker
	if cfg.CheckAnswers {
		if answers, err = spec.LoadAnswers(specification); err != nil {
			return nil, err
		}
	}
	kinds, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	token, err := bootstrapToken(cfg, log)
	if err != nil {
		return nil, err
	}
	working := 0
	if cfg.HasRole(config.RoleWorker) {
		working = workers
	}
	queue, err := jobs.New(d, jobs.Options{Node: cfg.NodeName, Workers: working, StopTimeout: cfg.ShutdownTimeout, Clock: clk, Log: log, Metrics: metrics})
	if err != nil {
		return nil, err
	}
	engine := saga.New(saga.Deps{DB: d, Jobs: queue, Clock: clk, Log: log, Options: saga.Options{Ended: func(o saga.Operation) {
		if o.FinishedAt != nil {
			metrics.OperationEnded(o.Action, o.State, o.FinishedAt.Sub(o.CreatedAt))
		}
	}}})
	drivers := hypervisor.NewRegistry(map[string]hypervisor.Factory{
		"simulated": simulated.Factory(simulated.Settings{Dir: cfg.SimulatedDir, Clock: clk, LatencyScale: cfg.SimulatedLatency}),
	})
	loop := reconcile.New(reconcile.Deps{DB: d, Clock: clk, Log: log})
	deps := emptyDeps()
	locator := resource.NewLocator(d, deps.Registry)
	access, err := authz.NewEvaluator(sources(d, deps.Operations), clk, locator, notified.NewGroup(d, clk, authz.Channel))
	if err != nil {
		return nil, err
	}
	trail, err := audit.Open(ctx, audit.Options{DB: d, Vault: keys, Clock: clk, Log: log})
	if err != nil {
		return nil, err
	}
	deps.DB, deps.Clock, deps.Sagas, deps.Access, deps.Vault, deps.Ledger, deps.Log = d, clk, engine, access, keys, ledger.New(d, clk), log
	services, built, err := modules(deps, drivers, with.nouns...)
	if err != nil {
		return nil, err
	}
	ops := deps.Operations.All()
	for _, m := range built {
		register(engine, m)
		loop.Add(m.Reconcilers...)
	}
	reads, err := auditedReads(cfg.AuditReads, ops)
	if err != nil {
		return nil, err
	}
	loop.Add(engine.Reconciler(), trail.Sealer(), reconcile.Reconciler{Name: "idempotency_keys", Every: time.Hour, Run: func(ctx context.Context) error {
		return httpapi.PurgeIdempotency(ctx, d)
	}})
	tokens := apitoken.NewAuthenticator(d, clk, access.Group(), log)
	s := &server{cfg: cfg, log: log, db: d, jobs: queue, loop: loop, drivers: drivers, access: access, tokens: tokens, services: services}
	s.api = httpapi.New(httpapi.Deps{
		DB: d, Contract: contract, Kinds: deps.Registry,
		Authenticator: append(authn.Chain{authn.NewBootstrap(token), tokens}, with.authenticators...), Access: access, Locator: locator,
		Audit: trail, AuditReads: reads, Answers: httpapi.AnswerColumn(keys), CheckAnswers: answers,
		Observer: metrics, Clock: clk, Log: log, CatalogVersion: kinds.Version,
		Limits: httpapi.Limits{
			Address: cfg.RateLimitAddress, Authentication: cfg.RateLimitAuthentication, Principal: cfg.RateLimitPrincipal,
			LongPolls: cfg.MaxLongPolls, LongPollsPerPrincipal: cfg.MaxLongPollsPerPrincipal,
			Streams: cfg.MaxStreams, StreamsPerPrincipal: cfg.MaxStreamsPerPrincipal, StreamStall: cfg.StreamStallTimeout,
			StreamRate: cfg.StreamMinRate,
		},
		TrustedProxies: cfg.TrustedProxies,
	}, ops)
	s.api.Pages(httpapi.Pages{Specification: specification, Metrics: metrics.Handler(), Ready: s.ready.check})
	return s, nil
}

// register tells the engine of a noun's operations.
func register(engine *saga.Engine, m module.Module) {
	if m.Definitions == nil {
		return
	}
	for _, def := range m.Definitions() {
		engine.Register(def)
	}
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context) error {
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer stopBackground()
	running.Go(func() {
		if err := s.db.Broker().Run(background); err != nil && !errors.Is(err, context.Canceled) {
			s.log.Error("notifications ended", "error", err)
		}
	})
	running.Go(func() { s.access.Group().Run(background) })
	running.Go(func() { s.tokens.Run(background) })
	if err := s.services.seed(ctx, s.db); err != nil {
		return fmt.Errorf("first data: %w", err)
	}
	defer func() {
		if err := s.drivers.Close(); err != nil {
			s.log.Error("drivers did not close well", "error", err)
		}
	}()
	if s.cfg.HasRole(config.RoleWorker) {
		if err := s.jobs.Start(background); err != nil {
			return err
		}
		loopCtx, stopLoop := context.WithCancel(background)
		var loop sync.WaitGroup
		loop.Go(func() { s.loop.Run(loopCtx) })
		defer func() {
			stopLoop()
			loop.Wait()
			stopping, cancel := context.WithTimeout(context.Background(), s.cfg.ShutdownTimeout+5*time.Second)
			defer cancel()
			if err := s.jobs.Stop(stopping); err != nil {
				s.log.Error("operations did not stop well; they go on at the next start", "error", err)
			}
		}()
	}
	if !s.cfg.HasRole(config.RoleAPI) {
		s.ready.set(s.db)
		<-ctx.Done()
		return nil
	}
	return s.listen(ctx)
}

// listen answers requests until ctx ends.
func (s *server) listen(ctx context.Context) error {
	shown, err := certificates(s.cfg, clock.Real(), s.log)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Listen)
	if err != nil {
		return err
	}
	// Requests end with the server, so that long polls do not hold it up.
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	web := newWeb(requests, s.api, s.log)
	failed := make(chan error, 1)
	if shown == nil {
		go func() { failed <- web.Serve(listener) }()
	} else {
		web.TLSConfig = shown.Config()
		go func() { failed <- web.ServeTLS(listener, "", "") }()
	}
	if exposed(listener.Addr(), shown != nil) {
		s.log.Warn("without TLS, others in the network can read tokens and all else: set tls_cert_file and tls_key_file, or have a proxy in front", "listen", listener.Addr().String())
	}
	if s.cfg.CheckAnswers {
		s.log.Warn("answers are compared with the specification, and one that does not fit is answered 500 although its work is done: check_answers is for tests")
	}
	endpoint := endpointOf(listener.Addr(), shown != nil)
	if err := atomicfile.Replace(filepath.Join(s.cfg.DataDir, endpointFile), []byte(endpoint+"\n"), 0o644); err != nil {
		return err
	}
	s.ready.set(s.db)
	s.log.Info("ready", "endpoint", endpoint, "token_file", filepath.Join(s.cfg.DataDir, tokenFile), "ca_file", authorityOf(s.cfg))
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	s.ready.unset()
	if removeErr := os.Remove(filepath.Join(s.cfg.DataDir, endpointFile)); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
		s.log.Warn("endpoint file stays", "error", removeErr)
	}
	stopping, cancel := context.WithTimeout(context.Background(), s.cfg.ShutdownTimeout)
	defer cancel()
	s.api.EndLongPolls()
	if shutdownErr := web.Shutdown(stopping); shutdownErr != nil {
		s.log.Warn("requests were cut off", "error", shutdownErr)
		endRequests()
		// Those that hear of it say so to their clients; a body that streams is answered.
		lastWords, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := web.Shutdown(lastWords); err != nil {
			s.log.Warn("connections were closed", "error", errors.Join(err, web.Close()))
		}
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// readiness is whether the server can do its work.
type readiness struct {
	mu sync.Mutex
	db *db.DB
}

func (r *readiness) set(d *db.DB) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.db = d
}

func (r *readiness) unset() { r.set(nil) }

func (r *readiness) check(ctx context.Context) error {
	r.mu.Lock()
	d := r.db
	r.mu.Unlock()
	if d == nil {
		return errors.New("starting or stopping")
	}
	if err := d.Ping(ctx); err != nil {
		return errors.New("the database does not answer")
	}
	if !d.Broker().Healthy() {
		return errors.New("notifications of the database do not arrive")
	}
	return nil
}

// bootstrapToken is the owner's token: as configured, or as made at the first start.
func bootstrapToken(cfg config.Config, log *slog.Logger) (secret.String, error) {
	if !cfg.BootstrapToken.IsZero() {
		return cfg.BootstrapToken, nil
	}
	path := filepath.Join(cfg.DataDir, tokenFile)
	b, err := os.ReadFile(path)
	if err == nil {
		if token := strings.TrimSpace(string(b)); token != "" {
			return secret.New(token), nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return secret.String{}, err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return secret.String{}, err
	}
	token := "demarc_" + base64.RawURLEncoding.EncodeToString(random)
	log.Info("the platform owner's token was made", "token_file", path)
	return secret.New(token), atomicfile.Replace(path, []byte(token+"\n"), 0o600)
}

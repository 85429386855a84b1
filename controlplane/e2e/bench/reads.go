package main

// Reads: one object, against a handler that checks nothing, and pages of a list, against the same page where there is a hundredth of it.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
)

const (
	resellers = 100
	tenants   = 10_000 // customers
	scattered = 300    // bindings of the principal that has a few things here and there
	page      = 50
	// few machines are one for each customer; many are this times as many.
	perCustomer = 100
)

// fill makes machines of the customers: those numbered from (including) up to (excluding). The ids are in no order of the customers, as those of
// machines that are made in the course of time.
const fill = `INSERT INTO virtual_machine (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, cloudspace_id, location_id,
	image_id, vcpus, memory_mib, boot_disk_size_gib, power_state)
	SELECT 'vm_' || lpad(to_hex(n), 26, '0'), 'vm-' || n, 1, 'active', now(), now(), c.billing_entity_id, c.customer_id, c.id, c.location_id,
	(SELECT id FROM image LIMIT 1), 1, 1024, 10, 'stopped'
	FROM generate_series($1::int, $2::int - 1) n JOIN bench_cloudspace b ON b.number = n % $3::int JOIN cloudspace c ON c.id = b.id`

var tenancy = []string{
	fmt.Sprintf(`INSERT INTO billing_entity (id, name, revision, state, created_at, updated_at, billing_entity_id, parent_id, currency, time_zone, language, customer_limit)
	SELECT id, 'reseller-' || n, 1, 'active', now(), now(), id, (SELECT id FROM billing_entity WHERE parent_id IS NULL), 'EUR', 'UTC', 'en', 1000000
	FROM (SELECT n, 'ben_' || lpad(to_hex(n), 26, '0') AS id FROM generate_series(0, %d) n) x`, resellers-1),
	fmt.Sprintf(`INSERT INTO customer (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, email, language, time_zone, payment_mode, status)
	SELECT id, 'customer-' || n, 1, 'active', now(), now(), 'ben_' || lpad(to_hex(n %% %d), 26, '0'), id, 'a@example.com', 'en', 'UTC', 'invoice', 'active'
	FROM (SELECT n, 'cus_' || lpad(to_hex(n), 26, '0') AS id FROM generate_series(0, %d) n) x`, resellers, tenants-1),
	`INSERT INTO cloudspace (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, location_id, network_cidr)
	SELECT 'cs_' || substr(id, 5), 'space', 1, 'active', now(), now(), billing_entity_id, id, (SELECT id FROM location LIMIT 1), '10.0.0.0/24' FROM customer`,
	`CREATE TABLE bench_cloudspace AS SELECT row_number() OVER (ORDER BY id) - 1 AS number, id FROM cloudspace`,
	`CREATE INDEX ON bench_cloudspace (number)`,
}

// readable is a server that only answers, with a tenancy of some size.
type readable struct {
	*servertest.Server
	pool *pgxpool.Pool
}

func newReadable(ctx context.Context) (*readable, error) {
	// Without workers: the machines of the benchmark are rows alone, and nobody is to make them.
	server, err := servertest.Launch(servertest.WithEnv("DEMARC_CHECK_ANSWERS=false", "DEMARC_ROLES=api", "DEMARC_RATE_LIMIT_PRINCIPAL=0", "DEMARC_RATE_LIMIT_ADDRESS=0"))
	if err != nil {
		return nil, err
	}
	r := &readable{Server: server}
	if r.pool, err = pgxpool.New(ctx, databaseURL(server)); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	for _, statement := range tenancy {
		if _, err := r.pool.Exec(ctx, statement); err != nil {
			return nil, errors.Join(fmt.Errorf("tenancy: %w", err), r.Close())
		}
	}
	return r, nil
}

// databaseURL leads to the server's private PostgreSQL, by the socket in its data folder.
func databaseURL(s *servertest.Server) string {
	q := url.Values{"host": {filepath.Join(s.DataDir, "postgres", "run")}, "port": {"5432"}, "sslmode": {"disable"}}
	return "postgres://demarc@/demarc?" + q.Encode()
}

// Close ends it.
func (r *readable) Close() error {
	r.pool.Close()
	return r.Server.Close()
}

func (r *readable) grow(ctx context.Context, from, to int) error {
	if _, err := r.pool.Exec(ctx, fill, from, to, tenants); err != nil {
		return fmt.Errorf("machines: %w", err)
	}
	_, err := r.pool.Exec(ctx, "VACUUM ANALYZE")
	return err
}

// principal makes a service account with a role in scopes, and returns a token of it.
func (r *readable) principal(ctx context.Context, name, role string, scopes []string) (string, error) {
	c, err := client.New(client.Config{Endpoint: r.Endpoint, Token: r.Token})
	if err != nil {
		return "", err
	}
	defer c.CloseIdleConnections()
	var roleID, root string
	if err := r.pool.QueryRow(ctx, "SELECT id FROM role WHERE built_in AND name = $1", role).Scan(&roleID); err != nil {
		return "", err
	}
	if err := r.pool.QueryRow(ctx, "SELECT id FROM billing_entity WHERE parent_id IS NULL").Scan(&root); err != nil {
		return "", err
	}
	account, err := demarc.ServiceAccounts(c).Create(ctx, demarc.ServiceAccountCreate{Name: name, OwnerID: root})
	if err != nil {
		return "", err
	}
	for _, scope := range scopes {
		if _, err := demarc.RoleBindings(c).Create(ctx, demarc.RoleBindingCreate{PrincipalKind: demarc.RoleBindingPrincipalKindServiceAccount,
			PrincipalID: account.ID, RoleID: roleID, ScopeID: scope}); err != nil {
			return "", err
		}
	}
	token, err := demarc.APITokens(c).Create(ctx, demarc.APITokenCreate{Name: "bench", ServiceAccountID: account.ID})
	if err != nil {
		return "", err
	}
	return *token.Token, nil
}

// reader reads with one token over a connection that is kept.
type reader struct {
	endpoint, token string
	http            http.Client
}

func newReader(endpoint, token string) *reader {
	return &reader{endpoint: endpoint, token: token, http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
}

func (r *reader) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.endpoint+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d: %s", path, resp.StatusCode, body)
	}
	return body, err
}

// pages reads pages one after the other, from the first one again after the last or the tenth, and returns how long each took.
func (r *reader) pages(ctx context.Context, n int) ([]time.Duration, error) {
	var took []time.Duration
	next, depth := "", 0
	for range n {
		path := client.BasePath + fmt.Sprintf("/virtual-machines?page_size=%d", page)
		if next != "" {
			path += "&page_token=" + url.QueryEscape(next)
		}
		began := time.Now()
		body, err := r.get(ctx, path)
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
		var answer struct {
			Items []json.RawMessage `json:"items"`
			Next  *string           `json:"next_page_token"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		if len(answer.Items) == 0 {
			return nil, fmt.Errorf("an empty page %d", depth)
		}
		if depth++; answer.Next == nil || depth == 10 {
			next, depth = "", 0
		} else {
			next = *answer.Next
		}
	}
	return took, nil
}

func quantile(took []time.Duration, q float64) float64 {
	slices.Sort(took)
	return took[int(math.Ceil(q*float64(len(took))))-1].Seconds() * 1000
}

// lists measures pages of machines for four principals, at two sizes.
func lists(ctx context.Context, r *readable) ([]Result, error) {
	platform := []string{"platform"}
	var far []string
	for i := range scattered {
		far = append(far, fmt.Sprintf("cus_%026x", i*(tenants/scattered)+7))
	}
	who := []struct {
		name, role string
		scopes     []string
	}{
		{"the platform's operator", "platform-operator", platform},
		{"a reseller", "reseller-admin", []string{fmt.Sprintf("ben_%026x", 1)}},
		{"a customer", "customer-admin", []string{fmt.Sprintf("cus_%026x", 11)}},
		{fmt.Sprintf("one with %d customers here and there", scattered), "viewer", far},
	}
	readers := make([]*reader, len(who))
	for i, w := range who {
		token, err := r.principal(ctx, fmt.Sprintf("bench-%d", i), w.role, w.scopes)
		if err != nil {
			return nil, err
		}
		readers[i] = newReader(r.Endpoint, token)
	}
	const samples = 400
	measure := func() ([][2]float64, error) {
		out := make([][2]float64, len(who))
		for i, reader := range readers {
			if _, err := reader.pages(ctx, 20); err != nil { // so that connections and caches are there
				return nil, err
			}
			took, err := reader.pages(ctx, samples)
			if err != nil {
				return nil, err
			}
			out[i] = [2]float64{quantile(took, 0.50), quantile(took, 0.99)}
		}
		return out, nil
	}
	if err := r.grow(ctx, 0, tenants); err != nil {
		return nil, err
	}
	small, err := measure()
	if err != nil {
		return nil, err
	}
	if err := r.grow(ctx, tenants, tenants*perCustomer); err != nil {
		return nil, err
	}
	large, err := measure()
	if err != nil {
		return nil, err
	}
	var out []Result
	for i, w := range who {
		for j, q := range []string{"p50", "p99"} {
			out = append(out, result(fmt.Sprintf("Page of %d of 1,000,000 machines as %s, %s", page, w.name, q), "ms", large[i][j], small[i][j],
				"of 10,000 machines"))
		}
	}
	return out, nil
}

// bareQuery reads what the answer of the server has, from the same row.
const bareQuery = `SELECT row_to_json(v) FROM (SELECT id, name, display_name, labels, notes, deletion_protection, revision, state, state_reason,
	operation_id, created_at, updated_at, customer_id, cloudspace_id, image_id, vcpus, memory_mib, boot_disk_size_gib, power_state, ip_address,
	observed_power_state FROM virtual_machine WHERE id = $1) v`

// bare serves objects by their id without asking who wants them: the least that a server can do. It is a process of its own, as the server is.
func bare(ctx context.Context, database string) error {
	pool, err := pgxpool.New(ctx, database)
	if err != nil {
		return err
	}
	defer pool.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /virtual-machines/{id}", func(w http.ResponseWriter, req *http.Request) {
		var doc []byte
		if err := pool.QueryRow(req.Context(), bareQuery, req.PathValue("id")).Scan(&doc); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(doc) // the client may have gone
	})
	return announce(ctx, mux)
}

// oneObject measures GET by id.
func oneObject(ctx context.Context, r *readable, rounds int) (Result, error) {
	token, err := r.principal(ctx, "bench-get", "customer-admin", []string{fmt.Sprintf("cus_%026x", 11)})
	if err != nil {
		return Result{}, err
	}
	floor, stop, err := startBare(ctx, databaseURL(r.Server))
	if err != nil {
		return Result{}, err
	}
	defer stop()
	path := fmt.Sprintf("/virtual-machines/vm_%026x", 11)
	ours, least := math.Inf(1), math.Inf(1)
	for range rounds {
		for _, one := range []struct {
			reader *reader
			path   string
			best   *float64
		}{{newReader(r.Endpoint, token), client.BasePath + path, &ours}, {newReader(floor, ""), path, &least}} {
			took, err := together(ctx, one.reader, one.path)
			if err != nil {
				return Result{}, err
			}
			*one.best = math.Min(*one.best, took)
		}
	}
	out := result("GET of a machine by its id", "µs", ours, least, "net/http and pgx alone, which check nothing")
	most := 2.0
	out.Target, out.OK = &most, out.Ratio <= most
	return out, nil
}

// together has eight clients ask, and returns how many microseconds one answer takes of the whole time.
func together(ctx context.Context, r *reader, path string) (float64, error) {
	const clients, each = 8, 2000
	var all sync.WaitGroup
	failed := make([]error, clients)
	began := time.Now()
	for i := range clients {
		all.Go(func() {
			for range each {
				if _, err := r.get(ctx, path); err != nil {
					failed[i] = err
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began).Seconds() * 1e6 / (clients * each), errors.Join(failed...)
}

// reads measures all of it.
func reads(ctx context.Context, programs checkout.Programs, rounds int) (results []Result, err error) {
	if err := os.Setenv(servertest.EnvBinary, programs.Server); err != nil {
		return nil, err
	}
	r, err := newReadable(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if results, err = lists(ctx, r); err != nil {
		return nil, err
	}
	one, err := oneObject(ctx, r, rounds)
	return append([]Result{one}, results...), err
}

package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/obs"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

const (
	keyRequestID = "request_id"
	keyOperation = "operation"
	// maxBody is the largest request body.
	maxBody = 1 << 20
)

// Observer is told of each request.
type Observer interface {
	RequestStarted() (done func())
	RequestAnswered(opID string, status int, took time.Duration)
	// LimitReached: a request was refused because of that limit.
	LimitReached(limit string)
}

// Deps are what the server needs.
type Deps struct {
	DB            *db.DB
	Contract      Contract
	Kinds         *resource.Registry
	Authenticator authn.Authenticator
	Access        *authz.Evaluator
	Locator       Locator
	Audit         *audit.Log
	// AuditReads says which reads are on record too.
	AuditReads audit.Reads
	// Answers seals the answers that hold a secret, while they are kept for a repeated request.
	Answers        vault.Column
	Observer       Observer
	Clock          clock.Clock
	Log            *slog.Logger
	CatalogVersion string
	// CheckAnswers says what is wrong with an answer, for tests: 500 takes its place. Nil: nobody asks.
	CheckAnswers AnswerChecker
	Limits       Limits
	// TrustedProxies are where X-Forwarded-For is believed from.
	TrustedProxies []netip.Prefix
}

// AnswerChecker compares answers with the specification.
type AnswerChecker interface {
	// Check says what is wrong with an answer to an operation; without one, to a request that has found none.
	Check(opID string, status int, header http.Header, body []byte) error
}

// Locator knows where objects stand, one and many.
type Locator interface {
	authz.Locator
	visibility.Locator
}

// Server serves the table of operations.
type Server struct {
	Deps
	fields *fields
	log    *slog.Logger
	engine *gin.Engine
	gets   map[string]*Op // by kind: how its object is read
	// byPrefix has the same by the prefix of the ids.
	byPrefix map[string]*Op
	ops      []Op
	limiters *limiters
	polls    *polls
	streams  *places
}

// New builds the server of these operations.
func New(deps Deps, ops []Op) *Server {
	gin.SetMode(gin.ReleaseMode)
	s := &Server{Deps: deps, log: deps.Log, engine: gin.New(), gets: map[string]*Op{}, byPrefix: map[string]*Op{}, ops: ops,
		fields: newFields(deps, ops), limiters: newLimiters(deps.Clock, deps.Limits), polls: newPolls(deps.Limits, deps.Observer),
		streams: newStreams(deps.Limits, deps.Observer)}
	s.engine.ContextWithFallback = true
	s.engine.HandleMethodNotAllowed = true
	s.engine.UseRawPath = true
	s.trust(deps.TrustedProxies)
	s.engine.Use(s.begin, s.receive)
	s.engine.NoRoute(func(c *gin.Context) { s.refuse(c, fault.NotFoundError()) })
	s.engine.NoMethod(func(c *gin.Context) {
		s.refuse(c, &fault.Error{Kind: fault.MethodNotAllowed, Code: "method_not_allowed", Detail: c.Request.Method + " is not possible here"})
	})
	for i := range ops {
		op := &ops[i]
		if op.Verb == Get {
			s.gets[op.Kind] = op
			if k, ok := deps.Kinds.Kind(op.Kind); ok {
				s.byPrefix[k.Prefix] = op
			}
		}
		s.engine.Handle(op.Method, BasePath+ginPath(op.Path), func(c *gin.Context) { s.serve(c, op) })
	}
	return s
}

// Engine is the router, for the pages that are not operations.
func (s *Server) Engine() *gin.Engine { return s.engine }

// Ops are the operations that it serves.
func (s *Server) Ops() []Op { return s.ops }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

func ginPath(p string) string { return pathParameter.ReplaceAllString(p, ":$1") }

// RequestIDPattern is the form of the ids of requests that clients may choose.
const RequestIDPattern = `^[A-Za-z0-9_.-]{1,100}$`

var requestIDShape = regexp.MustCompile(RequestIDPattern)

// begin gives the request its id, and turns a panic into an opaque error.
func (s *Server) begin(c *gin.Context) {
	rid := c.GetHeader("X-Request-Id")
	if !requestIDShape.MatchString(rid) {
		rid = id.New("req")
	}
	c.Set(keyRequestID, rid)
	c.Header("X-Request-Id", rid)
	c.Header("Demarc-Catalog", s.CatalogVersion)
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	c.Request = c.Request.WithContext(obs.WithRequestID(c.Request.Context(), rid))
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // it is thrown as it is
				panic(p)
			}
			s.log.LogAttrs(c.Request.Context(), slog.LevelError, "panic", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			if c.Writer.Written() {
				panic(http.ErrAbortHandler) // what was sent must not pass for the whole
			}
			s.refuse(c, errors.New("panic"))
		}
	}()
	c.Next()
}

// answer is what is sent back, and kept for a repeated request with the same idempotency key.
type answer struct {
	Status   int
	Revision string // of the object, as its tag begins; empty for what has none
	Location string
	Body     []byte
	// written is the answer itself, of what is always the same.
	written *page
}

func (s *Server) serve(c *gin.Context, op *Op) {
	c.Set(keyOperation, op.ID)
	started := s.Clock.Now()
	defer s.Observer.RequestStarted()()
	status := s.handle(c, op)
	s.Observer.RequestAnswered(op.ID, status, s.Clock.Now().Sub(started))
	if status == statusCutOff {
		panic(http.ErrAbortHandler)
	}
}

func (s *Server) handle(c *gin.Context, op *Op) int {
	started := s.Clock.Now()
	at := &attempt{c: c, op: op, target: c.Param("id"), changed: s.accessChanges(), said: &said{}}
	ctx, err := s.enter(c, at)
	if err != nil {
		return s.refused(ctx, at, err)
	}
	cl, err := s.read(c, op)
	if err != nil {
		return s.refused(ctx, at, err)
	}
	dryRun, err := dryRunOf(op, cl)
	if err != nil {
		return s.refused(ctx, at, err)
	}
	run, err := op.Handle.bind(cl)
	if err != nil {
		return s.refused(ctx, at, err)
	}
	at.dryRun = dryRun
	if at.decision, err = s.decide(ctx, at.caller, cl); err != nil {
		at.denied = true
		return s.refused(ctx, at, err)
	}
	if at.unseen, err = s.fields.admit(at, cl); err != nil {
		return s.refused(ctx, at, err)
	}
	ctx = authz.WithCaller(ctx, at.caller, at.decision.Access)
	ctx = context.WithValue(context.WithValue(ctx, pollKey{}, s.polls), serverKey{}, s)
	ctx = context.WithValue(ctx, saidKey{}, at.said)
	if op.streams() {
		return s.stream(ctx, at, cl, run)
	}
	var a answer
	replayed := false
	if op.Mutates {
		a, replayed, err = s.write(ctx, at, cl, run)
	} else {
		var out any
		if out, err = run(ctx); err == nil {
			a, err = render(op, out, false)
		}
		if err == nil && s.Clock.Now().Sub(started) > decidedAgain {
			ctx, err = s.stillAllowed(ctx, c, at, cl)
		}
		if err == nil {
			a, err = s.fields.shown(ctx, op, a)
		}
		if err == nil && s.readOnRecord(op) {
			err = s.recordRead(ctx, at)
		}
	}
	if err != nil {
		return s.refused(ctx, at, err)
	}
	if replayed {
		c.Header("Idempotency-Replayed", "true")
	}
	return s.send(c, op, a)
}

// decidedAgain is how long an answer may take that nobody asks again about: a long poll may outlive what allowed it.
const decidedAgain = time.Second

// enter finds out who calls.
func (s *Server) enter(c *gin.Context, at *attempt) (context.Context, error) {
	ctx := requestid.With(c.Request.Context(), c.GetString(keyRequestID))
	principal, err := s.admit(ctx, at)
	if err != nil {
		at.denied = true
		return ctx, err
	}
	ctx = authn.With(ctx, principal)
	at.caller, err = s.Access.Caller(ctx, principal)
	return ctx, err
}

// decide asks whether the caller may do what is asked for.
func (s *Server) decide(ctx context.Context, caller *authz.Caller, cl *call) (authz.Decision, error) {
	op := cl.op
	r := authz.Request{Permission: op.Permission}
	switch op.Scope {
	case ScopeCaller:
		return authz.Decision{}, nil
	case ScopePlatform:
		r.Platform = true
	case ScopeObject:
		r.ObjectID = cl.id
		if op.Mutates || op.Part != "" {
			r.See = s.readPermission(op.Kind)
		}
	case ScopeParent:
		r.Parent, r.ParentID, r.ParentPointer = true, cl.parentID, "/"+op.ParentField
		r.ParentKind = "object"
		if k, ok := s.Kinds.Kind(op.Kind); ok && k.Parent != nil {
			r.ParentKind = k.Parent.Kind
		}
		if parent, ok := s.Kinds.ByPrefix(id.Prefix(cl.parentID)); ok {
			r.ParentKind, r.SeeParent = parent.Name, parent.ReadPermission()
		}
	}
	d, err := s.Access.Authorize(ctx, caller, r)
	if op.Part != "" && !op.Mutates && !op.Sensitive && fault.IsCode(err, "forbidden") {
		// What is offered to others is offered with its parts, but for its secrets.
		if offered, lerr := s.Locator.Visible(ctx, cl.id, d.Access); lerr != nil || offered {
			return d, lerr
		}
	}
	return d, err
}

func (s *Server) readPermission(kind string) string {
	if get := s.gets[kind]; get != nil {
		return get.Permission
	}
	return ""
}

// stillAllowed decides once more, with what is known now, and returns the context of the caller as it is by now.
func (s *Server) stillAllowed(ctx context.Context, c *gin.Context, at *attempt, cl *call) (context.Context, error) {
	again := *at
	fresh, err := s.enter(c, &again)
	if err != nil {
		return ctx, err
	}
	if cl.op.Scope == ScopeObject {
		found, err := s.Locator.Visible(fresh, cl.id, again.caller.Access(cl.op.Permission))
		if err == nil && !found {
			err = fault.NotFoundError()
		}
		if err != nil {
			return ctx, err
		}
	}
	return authz.WithCaller(ctx, again.caller, at.decision.Access), nil
}

// send sends an answer, and returns the status.
func (s *Server) send(c *gin.Context, op *Op, a answer) int {
	if a.Location != "" {
		c.Header("Location", a.Location)
	}
	if a.written == nil { // what is written down is checked where that is done
		if err := s.fits(c, a.Status, jsonType, a.Body); err != nil {
			return s.refuse(c, err)
		}
	}
	switch {
	case a.written != nil:
		return show(c, a.Status, a.written)
	case a.Status == http.StatusNoContent:
		c.Status(a.Status)
		c.Writer.WriteHeaderNow()
		return a.Status
	case op.Reveals || op.Sensitive: // of what holds a secret there is no digest, and nothing of it shows in a length
		if a.Revision != "" {
			c.Header("ETag", strconv.Quote(a.Revision))
		}
		c.Data(a.Status, jsonType, a.Body)
		return a.Status
	}
	p := answered(jsonType, a.Body)
	if a.Revision != "" || op.Method == http.MethodGet {
		p.tag = tagOf(a.Revision, a.Body)
	}
	return show(c, a.Status, p)
}

// fits says what of an answer is not as the specification has it, where tests want to know.
func (s *Server) fits(c *gin.Context, status int, media string, body []byte) error {
	if s.CheckAnswers == nil {
		return nil
	}
	header := c.Writer.Header().Clone()
	header.Set("Content-Type", media)
	return s.CheckAnswers.Check(c.GetString(keyOperation), status, header, body)
}

// read takes the request apart: parameters, headers and body, each within its limits.
func (s *Server) read(c *gin.Context, op *Op) (*call, error) {
	cl := &call{op: op, contract: s.Contract, id: c.Param("id"), after: c.GetHeader("Last-Event-ID"), query: c.Request.URL.Query()}
	if err := s.Contract.Query(op.ID, cl.query); err != nil {
		return nil, err
	}
	if len(op.AnswerTypes) > 0 {
		var err error
		if cl.answers, err = negotiated(c.Request.Header.Values("Accept"), op.AnswerTypes); err != nil {
			return nil, err
		}
	}
	if op.Mutates && op.Method != http.MethodPost || op.Action {
		if sent := c.Request.Header.Values("If-Match"); len(sent) > 0 {
			var err error
			if cl.ifMatch, err = matched(sent); err != nil {
				return nil, err
			}
		} else if op.RequiresIfMatch {
			return nil, &fault.Error{Kind: fault.PreconditionRequired, Code: "if_match_required",
				Detail: "send If-Match with the ETag of what you have read: this replaces it"}
		}
	}
	if len(op.BodyTypes) > 0 {
		var err error
		cl.incoming, err = receiving(c, op)
		return cl, err
	}
	if c.Request.Method != http.MethodPost && c.Request.Method != http.MethodPatch {
		return cl, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &fault.Error{Kind: fault.TooLarge, Code: "too_large", Detail: fmt.Sprintf("a body is at most %d bytes", maxBody)}
	case err != nil:
		return nil, fault.Malformedf("malformed", "the body could not be read")
	}
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); len(body) > 0 &&
		(err != nil || media != "application/json" && media != "application/merge-patch+json") {
		return nil, &fault.Error{Kind: fault.UnsupportedMedia, Code: "unsupported_media_type", Detail: "send Content-Type: application/json"}
	}
	cl.body = body
	return cl, nil
}

func dryRunOf(op *Op, cl *call) (bool, error) {
	v := cl.query.Get("dry_run")
	if v == "" || !op.Mutates {
		return false, nil
	}
	dry, err := strconv.ParseBool(v)
	if err != nil {
		return false, fault.Parameter("dry_run", "invalid_parameter", "is not true or false")
	}
	return dry, nil
}

var errDryRun = errors.New("dry run: rolled back")

// write runs a mutating operation: the change, its audit record, its job and the answer to a repeated request are one transaction.
func (s *Server) write(ctx context.Context, at *attempt, cl *call, run func(context.Context) (any, error)) (answer, bool, error) {
	key := at.c.GetHeader("Idempotency-Key")
	if len(key) > 255 {
		return answer{}, false, fault.Parameter("Idempotency-Key", "invalid_parameter", "is longer than 255 characters")
	}
	if cl.op.Method != http.MethodPost || at.dryRun {
		key = ""
	}
	var a answer
	replayed := false
	err := s.DB.InTx(ctx, func(ctx context.Context) error {
		replayed = false
		if key != "" {
			earlier, err := s.claim(ctx, cl, key)
			if err != nil {
				return err
			}
			if earlier != nil {
				replayed = true
				a, err = s.fields.shown(ctx, cl.op, *earlier)
				return err
			}
		}
		before := s.before(ctx, cl)
		out, err := run(ctx)
		if err != nil {
			return err
		}
		if m, ok := out.(Masked); ok && at.dryRun {
			out = m.Masked() // a secret that will be another one
		}
		if a, err = render(cl.op, out, at.dryRun); err != nil {
			return err
		}
		shows := cl.op
		if get := s.gets[cl.op.Kind]; at.dryRun && a.Status == http.StatusNoContent && before != nil && at.caller.Access(get.Permission).Covers(at.decision.Target) {
			a, shows = answer{Status: http.StatusOK, Body: before}, get // what would be gone, as its GET answers it to who may read it
		}
		whole := a
		if a, err = s.fields.shown(ctx, shows, whole); err != nil {
			return err
		}
		if at.dryRun {
			return errDryRun
		}
		// What is on record, and kept for a repeated request, is whole: who reads it later may see more, or less.
		if err := s.recordChange(ctx, at, before, out, whole); err != nil {
			return err
		}
		if key != "" {
			return s.keep(ctx, cl, key, whole)
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return a, replayed, err
}

type serverKey struct{}

// ReadObject reads the object of that id, in a request to the server, as its own GET does, with that permission.
func ReadObject(ctx context.Context, objectID string) (kind string, object any, err error) {
	s, ok := ctx.Value(serverKey{}).(*Server)
	if !ok {
		return "", nil, errors.New("httpapi: an object is read as by its GET in a request alone")
	}
	return s.readObject(ctx, objectID)
}

func (s *Server) readObject(ctx context.Context, objectID string) (kind string, object any, err error) {
	get := s.byPrefix[id.Prefix(objectID)]
	if get == nil {
		return "", nil, fault.NotFoundError()
	}
	read, err := get.Handle.bind(&call{op: get, contract: s.Contract, id: objectID})
	if err != nil {
		return "", nil, err
	}
	object, err = read(authz.For(ctx, get.Permission))
	return get.Kind, object, err
}

// before reads the object as it is, for the audit record.
func (s *Server) before(ctx context.Context, cl *call) []byte {
	get := s.gets[cl.op.Kind]
	if cl.id == "" || get == nil {
		return nil
	}
	read, err := get.Handle.bind(&call{op: get, contract: s.Contract, id: cl.id})
	if err != nil {
		return nil
	}
	out, err := read(authz.Elevated(ctx))
	if err != nil {
		return nil // the write itself will say why
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil
	}
	return b
}

// render encodes what a handler answered.
func render(op *Op, out any, dryRun bool) (answer, error) {
	a := answer{Status: http.StatusOK}
	if _, none := out.(resource.None); none {
		a.Status = http.StatusNoContent
		return a, nil
	}
	if v, fixed := out.(Fixed); fixed && !op.Mutates {
		a.written = v.Written().page
		return a, nil
	}
	var err error
	if a.Body, err = json.Marshal(out); err != nil {
		return a, err
	}
	if v, ok := out.(interface{ ETag() int64 }); ok {
		a.Revision = strconv.FormatInt(v.ETag(), 10)
	}
	if dryRun || !op.Mutates {
		return a, nil
	}
	if op.Verb == Create {
		a.Status = http.StatusCreated
	}
	if v, ok := out.(interface{ Running() *string }); ok && v.Running() != nil {
		a.Status = http.StatusAccepted
		a.Location = BasePath + "/operations/" + *v.Running()
	} else if op.Verb == Delete {
		a.Status, a.Body, a.Revision = http.StatusNoContent, nil, ""
	}
	return a, nil
}

// hash ties an idempotency key to what was asked for with it.
func (cl *call) hash() []byte {
	h := sha256.New()
	h.Write([]byte(cl.op.ID + "\x00" + cl.id + "\x00" + cl.query.Encode() + "\x00"))
	h.Write(cl.body)
	return h.Sum(nil)
}

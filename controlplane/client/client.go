// Package client is how a Go program speaks to the control plane's HTTP API.
//
// It knows the contract (authentication, retries, problems, pages, operations, name paths) and no kind of thing: what can be
// done with one is a Kind, of which package demarc has one for each, with its types. Kinds are described by package catalog.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// BasePath is put before every Request.Path.
const BasePath = "/api/v1"

// CatalogHeader is the header in which the server names the version of its catalog, MAJOR.MINOR.
const CatalogHeader = "Demarc-Catalog"

// maxResponse bounds what is read of one answer, after decompression. A page of 500 large objects is far below.
const maxResponse = 64 << 20

// Client speaks to one server. It is safe for use by many goroutines.
type Client struct {
	endpoint  *url.URL // without the base path
	transport *transport
	doer      *http.Client
}

// New makes a client. It reads the token and CA files, and sends nothing yet.
func New(cfg Config) (*Client, error) {
	if cfg.Endpoint == "" {
		return nil, fmt.Errorf("no endpoint is configured (%s)", EnvEndpoint)
	}
	endpoint, err := parseEndpoint(cfg.Endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint: %w", err)
	}
	t := &transport{
		endpoint:   endpoint,
		userAgent:  strings.TrimSpace(cfg.UserAgent + " demarc-go"),
		maxRetries: cfg.MaxRetries,
		logger:     cfg.Logger,
		pause:      pause,
	}
	if t.maxRetries == 0 {
		t.maxRetries = DefaultMaxRetries
	}
	if t.logger == nil {
		t.logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Token != "" {
		if err := checkToken(cfg.Token); err != nil {
			return nil, err
		}
		t.token = cfg.Token
	} else if cfg.TokenFile != "" {
		if t.token, err = readToken(cfg.TokenFile); err != nil {
			return nil, fmt.Errorf("token file: %w", err)
		}
		t.tokenFile = cfg.TokenFile
	}
	switch {
	case cfg.HTTPClient != nil && cfg.CAFile != "":
		return nil, errors.New("CAFile has no effect on a given HTTPClient: set one of them")
	case cfg.HTTPClient != nil:
		t.base = cfg.HTTPClient.Transport
		if t.base == nil {
			t.base = http.DefaultTransport
		}
	case cfg.CAFile != "":
		cas, err := loadCAs(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("CA file: %w", err)
		}
		t.base = newTransport(cas)
	default:
		t.base = newTransport(nil)
	}
	doer := &http.Client{
		Transport: t,
		// The API never redirects: one that arrives comes from something else, which must not get the request.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if cfg.HTTPClient != nil {
		doer.Timeout = cfg.HTTPClient.Timeout
		doer.Jar = cfg.HTTPClient.Jar
	}
	return &Client{endpoint: endpoint, transport: t, doer: doer}, nil
}

// Endpoint returns the server's URL without the base path.
func (c *Client) Endpoint() string { return c.endpoint.String() }

// CloseIdleConnections closes the pooled connections that nobody uses.
func (c *Client) CloseIdleConnections() { c.doer.CloseIdleConnections() }

// Request is one call of the API.
type Request struct {
	Method string // GET if empty
	Path   string // below the base path: /virtual-machines
	Query  url.Values
	// Body is marshalled as JSON; a json.RawMessage or []byte is sent as it is. Nil sends none.
	Body   any
	Header http.Header
	// IdempotencyKey makes a POST safe to send again; without it a POST is sent once.
	IdempotencyKey string
	// IfMatch is a revision, as ETag returned it or the number alone.
	IfMatch string
}

// Response is a successful answer.
type Response struct {
	Status int
	Header http.Header
	Body   json.RawMessage // empty with 204
}

// ETag returns the tag of what was answered, in quotes: the revision of an object, a dot and more. "" if the answer had none.
func (r *Response) ETag() string { return r.Header.Get("ETag") }

// RequestID returns the id under which the server logged the request.
func (r *Response) RequestID() string { return r.Header.Get("X-Request-Id") }

// Decode unmarshals the body. Unknown fields are ignored: servers may be newer than clients.
func (r *Response) Decode(v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil {
		return fmt.Errorf("answer of the server: %w (request %s)", err, r.RequestID())
	}
	return nil
}

// OperationID returns the id of the operation that the answered object waits for, "" if nothing goes on.
func (r *Response) OperationID() string {
	var o struct {
		OperationID *string `json:"operation_id"`
	}
	if len(r.Body) == 0 || json.Unmarshal(r.Body, &o) != nil || o.OperationID == nil {
		return ""
	}
	return *o.OperationID
}

// Do sends a request and returns the answer if it is a success (below 300), else a *Problem. Connection errors and
// the statuses 429, 502, 503 and 504 are retried with jittered exponential back-off or after what Retry-After asks;
// a POST only if it has an IdempotencyKey.
//
// A DELETE whose first answer got lost is answered 404 when it is repeated: the problem says that it was, and Deleter takes it for done.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	told := &sending{}
	ctx = context.WithValue(ctx, sendingKey{}, told)
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	res, err := c.doer.Do(req)
	if err != nil {
		return nil, err
	}
	// The transport has read the body already, see there.
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	if res.StatusCode >= 300 {
		p := newProblem(res, body)
		p.Repeated = told.repeated
		return nil, p
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}

func (c *Client) newRequest(ctx context.Context, r Request) (*http.Request, error) {
	if !strings.HasPrefix(r.Path, "/") {
		return nil, fmt.Errorf("path %q must begin with a slash", r.Path)
	}
	var body io.Reader
	if r.Body != nil {
		b, err := encode(r.Body)
		if err != nil {
			return nil, fmt.Errorf("body of %s %s: %w", r.Method, r.Path, err)
		}
		body = bytes.NewReader(b)
	}
	u := strings.TrimSuffix(c.endpoint.String(), "/") + BasePath + r.Path
	if len(r.Query) > 0 {
		separator := "?"
		if strings.Contains(r.Path, "?") {
			separator = "&"
		}
		u += separator + r.Query.Encode()
	}
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, u, body)
	if err != nil {
		return nil, err
	}
	for k, v := range r.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json, application/problem+json")
	}
	if r.IdempotencyKey != "" {
		req.Header.Set(idempotencyHeader, r.IdempotencyKey)
	}
	if r.IfMatch != "" {
		req.Header.Set("If-Match", quoteRevision(r.IfMatch))
	}
	return req, nil
}

func encode(body any) ([]byte, error) {
	switch b := body.(type) {
	case json.RawMessage:
		return b, nil
	case []byte:
		return b, nil
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

func quoteRevision(s string) string {
	if s == "*" || strings.HasPrefix(s, `"`) || strings.HasPrefix(s, `W/"`) {
		return s
	}
	return `"` + s + `"`
}

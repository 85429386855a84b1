package client

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const idempotencyHeader = "Idempotency-Key"

const (
	backoffBase = 200 * time.Millisecond
	backoffCap  = 10 * time.Second
	// maxRetryAfter is the longest Retry-After that is waited for; beyond it the caller gets the problem.
	maxRetryAfter = 5 * time.Minute
)

// transport authenticates and retries. An answer that it returns has its body read in full, so that a connection
// that breaks in the middle of one counts as a connection error, and every connection goes back to the pool. What streams
// is not read: it may be larger than memory.
type transport struct {
	base       http.RoundTripper
	endpoint   *url.URL
	userAgent  string
	maxRetries int
	logger     *slog.Logger
	pause      func(context.Context, time.Duration) error

	tokenFile string
	mu        sync.Mutex
	token     string
}

// sending is what its caller is told of a request besides the answer.
type sending struct {
	// repeated: an answer to it may have been lost before, so that it may have been carried out already.
	repeated bool
}

type sendingKey struct{}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	body, err := replayable(req)
	if err != nil {
		return nil, err
	}
	token := t.bearer()
	reread := false
	for attempt := 0; ; attempt++ {
		res, err := t.send(req, body, token, attempt)
		if err == nil && res.StatusCode == http.StatusUnauthorized && !reread {
			reread = true
			if fresh, ok := t.rotated(token); ok {
				if of := streamOf(ctx); of == nil || of.body == nil || of.reader.untouched() {
					token = fresh
					res.Body.Close()
					attempt--
					continue
				}
			}
		}
		if attempt >= t.maxRetries || !repeatable(req) || ctx.Err() != nil {
			return res, err
		}
		wait := backoff(attempt)
		switch {
		case err != nil && !transient(err):
			return nil, err
		case err == nil && !retryStatus(res.StatusCode):
			return res, nil
		case err == nil:
			if after, ok := retryAfter(res.Header, time.Now()); ok {
				wait = after
			}
		}
		if deadline, ok := ctx.Deadline(); wait > maxRetryAfter || ok && time.Now().Add(wait).After(deadline) {
			// The reason is worth more to the caller than "deadline exceeded" later.
			return res, err
		}
		// What was too much at once was turned away.
		if told, _ := ctx.Value(sendingKey{}).(*sending); told != nil && (err != nil || res.StatusCode != http.StatusTooManyRequests) {
			told.repeated = true
		}
		if err == nil {
			res.Body.Close()
		}
		if err := t.pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// send makes one attempt, and reads the whole answer unless that streams.
func (t *transport) send(req *http.Request, body []byte, token string, attempt int) (*http.Response, error) {
	r := req.Clone(req.Context())
	switch of := streamOf(req.Context()); {
	case of != nil && of.body != nil:
		of.reader = of.body.attempt()
		r.Body, r.ContentLength, r.GetBody = of.reader, of.size, nil
	case body != nil:
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		r.GetBody = nil
	}
	// Never to another host, however the request came to name one.
	if token != "" && r.URL.Host == t.endpoint.Host && r.URL.Scheme == t.endpoint.Scheme {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", t.userAgent)
	}
	started := time.Now()
	res, err := t.base.RoundTrip(r)
	if err == nil && (streamOf(r.Context()) == nil || res.StatusCode >= 300) {
		var b []byte
		b, err = io.ReadAll(io.LimitReader(res.Body, maxResponse+1))
		res.Body.Close()
		if err == nil && len(b) > maxResponse {
			err = errTooLarge
		}
		res.Body = io.NopCloser(bytes.NewReader(b))
	}
	log := t.logger.With("method", r.Method, "path", r.URL.Path, "attempt", attempt+1, "duration", time.Since(started))
	if err != nil {
		log.DebugContext(r.Context(), "request failed", "error", err)
		return nil, err
	}
	log.DebugContext(r.Context(), "request", "status", res.StatusCode, "request_id", res.Header.Get("X-Request-Id"))
	return res, nil
}

func (t *transport) bearer() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token
}

// rotated returns the token to use after the server refused one, if there is another by now.
func (t *transport) rotated(refused string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == refused && t.tokenFile != "" {
		fresh, err := readToken(t.tokenFile)
		if err != nil {
			t.logger.Warn("token file", "error", err)
			return "", false
		}
		t.token = fresh
	}
	return t.token, t.token != refused
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the pool.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxResponse>>20)

// replayable reads the body of a request once, so that every attempt can send it.
func replayable(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody || streamOf(req.Context()) != nil {
		return nil, nil
	}
	defer req.Body.Close()
	return io.ReadAll(req.Body)
}

func repeatable(req *http.Request) bool {
	if of := streamOf(req.Context()); of != nil && of.body != nil {
		return of.reader.untouched()
	}
	return req.Method != http.MethodPost || req.Header.Get(idempotencyHeader) != ""
}

func retryStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// transient tells errors of the connection from those that the next attempt would meet again.
func transient(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return false
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errTooLarge) &&
		!errors.As(err, &unknown) && !errors.As(err, &host) && !errors.As(err, &invalid)
}

// backoff is full jitter: anything from nothing to a bound that doubles with each attempt, so that clients that
// failed together do not come back together.
func backoff(attempt int) time.Duration {
	bound := backoffCap
	if attempt < 16 {
		bound = min(backoffBase<<attempt, backoffCap)
	}
	return rand.N(bound)
}

// retryAfter reads the header in both its forms, seconds and date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(v, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Package servertls is the server's side of HTTPS: which certificate it shows, and how it comes to a newer one while it runs.
package servertls

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// checkInterval is how often a handshake looks for a newer certificate, at most.
const checkInterval = 5 * time.Second

// A Source has the certificate to show.
type Source struct {
	clock clock.Clock
	log   *slog.Logger
	// newer finds a certificate that takes the place of the current one; nil if that is still the one.
	newer func(current *tls.Certificate) (*tls.Certificate, error)

	current atomic.Pointer[tls.Certificate]

	mu      sync.Mutex // held by the one handshake that looks
	checked time.Time
	failed  string // the last failure to find one, which is not logged again
}

// FromFiles shows the certificate of two PEM files, and a newer one as soon as they have that. While they have none that is
// usable, it shows the one that they had.
func FromFiles(certFile, keyFile string, clk clock.Clock, log *slog.Logger) (*Source, error) {
	return start(clk, log, func(current *tls.Certificate) (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate %s with key %s: %w", certFile, keyFile, err)
		}
		// No other key belongs to the same certificate.
		if current != nil && slices.EqualFunc(c.Certificate, current.Certificate, slices.Equal) {
			return nil, nil
		}
		return &c, nil
	})
}

func start(clk clock.Clock, log *slog.Logger, newer func(*tls.Certificate) (*tls.Certificate, error)) (*Source, error) {
	s := &Source{clock: clk, log: log, newer: newer, checked: clk.Now()}
	c, err := newer(nil)
	if err != nil {
		return nil, err
	}
	s.show(c)
	return s, nil
}

// Config is how the server speaks TLS. HTTP's versions are added by whoever serves them.
func (s *Source) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		s.look()
		return s.current.Load(), nil
	}}
}

// look finds out from time to time whether there is a newer certificate. Other handshakes do not wait for that.
func (s *Source) look() {
	if !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	now := s.clock.Now()
	if passed := now.Sub(s.checked); passed >= 0 && passed < checkInterval {
		return
	}
	s.checked = now
	c, err := s.newer(s.current.Load())
	switch {
	case err != nil:
		if err.Error() != s.failed {
			s.failed = err.Error()
			s.log.Warn("there is no newer TLS certificate; the one in use stays", "error", err)
		}
	case c != nil:
		s.show(c)
		fallthrough
	default:
		s.failed = ""
	}
}

func (s *Source) show(c *tls.Certificate) {
	s.current.Store(c)
	if now := s.clock.Now(); now.Before(c.Leaf.NotBefore) || now.After(c.Leaf.NotAfter) {
		s.log.Warn("the TLS certificate is not valid now: clients will refuse it", "not_before", c.Leaf.NotBefore, "not_after", c.Leaf.NotAfter)
		return
	}
	s.log.Info("TLS certificate in use", "names", c.Leaf.DNSNames, "addresses", c.Leaf.IPAddresses, "not_after", c.Leaf.NotAfter)
}

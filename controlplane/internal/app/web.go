package app

// The HTTP server around the API: its time limits, TLS, and what it calls itself.

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/servertls"
)

// newWeb is the HTTP server for the API, whose requests end with ctx. Whoever is slow, or sends too much, is cut off: a connection holds a goroutine and memory.
func newWeb(ctx context.Context, api http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: api, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		// Longer than the longest long poll.
		WriteTimeout: 90 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}

// certificates are what the server shows as its own; nil for plain HTTP.
func certificates(cfg config.Config, clk clock.Clock, log *slog.Logger) (*servertls.Source, error) {
	switch {
	case cfg.TLSCertFile != "":
		return servertls.FromFiles(cfg.TLSCertFile, cfg.TLSKeyFile, clk, log)
	case cfg.TLSSelfSigned:
		return servertls.SelfSigned(cfg.DataDir, cfg.Listen, cfg.TLSNames, clk, log)
	}
	return nil, nil
}

// endpointOf is the URL of a server that listens there, as seen from this machine.
func endpointOf(listening net.Addr, secure bool) string {
	scheme, host := "http://", listening.String()
	if secure {
		scheme = "https://"
	}
	if a, ok := listening.(*net.TCPAddr); ok && a.IP.IsUnspecified() {
		_, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort("localhost", port)
	}
	return scheme + host
}

// exposed says that others than this machine can read along.
func exposed(listening net.Addr, secure bool) bool {
	a, ok := listening.(*net.TCPAddr)
	return !secure && !(ok && a.IP.IsLoopback())
}

// authorityOf is the file with what clients have to trust, empty if that is not the server's to say.
func authorityOf(cfg config.Config) string {
	if cfg.TLSSelfSigned {
		return filepath.Join(cfg.DataDir, servertls.AuthorityFile)
	}
	return ""
}

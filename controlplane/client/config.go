package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// The environment variables that every client of the control plane reads.
const (
	EnvEndpoint  = "DEMARC_ENDPOINT"
	EnvToken     = "DEMARC_TOKEN"
	EnvTokenFile = "DEMARC_TOKEN_FILE"
	EnvCAFile    = "DEMARC_CA_FILE"
)

// DefaultMaxRetries is how often a request is sent again if Config.MaxRetries is zero.
const DefaultMaxRetries = 6

// Config says which server a Client speaks to, and how. Everything but Endpoint may be left zero.
type Config struct {
	// Endpoint is the server's URL, https://cloud.example.com; the base path is added to it.
	Endpoint string
	// Token is the bearer token. It goes into the Authorization header and nowhere else.
	Token string
	// TokenFile names a file that holds the token; read at New, and again after a 401, so that a
	// rotated token is picked up. Token, if set, wins.
	TokenFile string
	// CAFile names a PEM file of certificate authorities that are trusted beside the system's.
	CAFile string
	// UserAgent stands before the client's own name in the User-Agent header.
	UserAgent string
	// MaxRetries limits how often a request is sent again; 0 is DefaultMaxRetries, less than 0 is never.
	MaxRetries int
	// HTTPClient gives the transport to use instead of a pooled one made by New; CAFile must be empty then.
	HTTPClient *http.Client
	// Logger gets one debug record per attempt: method, path, status, duration. Never a header or a body.
	Logger *slog.Logger
}

// ConfigFromEnv reads the configuration that is common to all clients. What is not set stays empty; what is set
// and cannot be used is an error that names its variable.
func ConfigFromEnv() (Config, error) {
	cfg := Config{
		Endpoint:  os.Getenv(EnvEndpoint),
		Token:     os.Getenv(EnvToken),
		TokenFile: os.Getenv(EnvTokenFile),
		CAFile:    os.Getenv(EnvCAFile),
	}
	if cfg.Endpoint != "" {
		if _, err := parseEndpoint(cfg.Endpoint); err != nil {
			return Config{}, fmt.Errorf("%s: %w", EnvEndpoint, err)
		}
	}
	if cfg.Token != "" {
		cfg.TokenFile = ""
		if err := checkToken(cfg.Token); err != nil {
			return Config{}, fmt.Errorf("%s: %w", EnvToken, err)
		}
	}
	if cfg.TokenFile != "" {
		if _, err := readToken(cfg.TokenFile); err != nil {
			return Config{}, fmt.Errorf("%s: %w", EnvTokenFile, err)
		}
	}
	if cfg.CAFile != "" {
		if _, err := loadCAs(cfg.CAFile); err != nil {
			return Config{}, fmt.Errorf("%s: %w", EnvCAFile, err)
		}
	}
	return cfg, nil
}

// parseEndpoint returns the URL that paths below the base path are joined to.
func parseEndpoint(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		// url.Error repeats the input, which may hold a password.
		return nil, errors.New("is not a URL")
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with http:// or https://")
	case u.Host == "":
		return nil, errors.New("has no host")
	case u.User != nil:
		return nil, errors.New("must not hold a user name or password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not have a query or fragment")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), BasePath)
	u.RawPath = ""
	return u, nil
}

// checkToken refuses what cannot stand in a header, without repeating it.
func checkToken(token string) error {
	for _, r := range token {
		if r <= ' ' || r >= 0x7f {
			return errors.New("the token has characters that a token cannot have")
		}
	}
	return nil
}

func readToken(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if token == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	if err := checkToken(token); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return token, nil
}

func loadCAs(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return pool, nil
}

// newTransport returns the one connection pool of a client. HTTP/2 is agreed by ALPN on https; plain http keeps
// HTTP/1.1 connections open instead, because a client that speaks HTTP/2 there speaks nothing else.
func newTransport(cas *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: cas, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 15 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        128,
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
		// How long an upload waits to be told that its body is taken: once some of it has gone out it cannot be tried again.
		ExpectContinueTimeout: 30 * time.Second,
		// Longer than the longest long poll that the server grants (60 s).
		ResponseHeaderTimeout: 90 * time.Second,
		// A connection that a middlebox dropped silently is noticed even while a long poll waits on it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second},
	}
}

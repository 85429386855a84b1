// Package config has the server's settings: what they are, where they come from, and what is wrong with them.
//
// A setting is given, in order of precedence, by a flag (--log-level), by the environment (DEMARC_LOG_LEVEL), by a YAML file
// (log_level) that --config or DEMARC_CONFIG names, or by its default. A server without any setting works.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// Roles of a server process.
const (
	RoleAPI    = "api"    // answers HTTP requests
	RoleWorker = "worker" // carries out operations
)

// A Config is a complete set of settings. Load makes one from the outside world; a literal, even an empty one, is completed by
// WithDefaults.
type Config struct {
	// Listen is the address of the HTTP API, host:port; port 0 takes a free one.
	Listen string
	// TLSCertFile and TLSKeyFile are absolute paths of PEM files for HTTPS; empty for none.
	TLSCertFile, TLSKeyFile string
	// TLSSelfSigned has the server make its own certificate authority and certificate for HTTPS.
	TLSSelfSigned bool
	// CheckAnswers has each answer compared with the specification, for tests: 500 takes the place of one that does not fit.
	CheckAnswers bool
	// TLSNames are further names and addresses of the server for the certificate that it makes.
	TLSNames []string
	// TrustedProxies are where X-Forwarded-For is believed from.
	TrustedProxies []netip.Prefix
	// RateLimitPrincipal, RateLimitAddress and RateLimitAuthentication are how many requests per second this node takes from one
	// principal, takes from one address, and takes from one address with a token that is not valid; 0 for any number.
	RateLimitPrincipal, RateLimitAddress, RateLimitAuthentication int
	// MaxLongPolls and MaxLongPollsPerPrincipal are how many requests may wait for something at a time; 0 for any number.
	MaxLongPolls, MaxLongPollsPerPrincipal int
	// MaxStreams and MaxStreamsPerPrincipal are how many requests may stream at a time; 0 for any number.
	MaxStreams, MaxStreamsPerPrincipal int
	// StreamStallTimeout is how long what streams may stand still because of its client.
	StreamStallTimeout time.Duration
	// StreamMinRate is how many bytes per second a body that streams has to come at; 0 for any number.
	StreamMinRate int
	// DatabaseURL is the PostgreSQL to use; empty for a private one in DataDir. It may have a password in it.
	DatabaseURL secret.String
	// DataDir is the absolute path of the folder for all that this process keeps.
	DataDir string
	// BootstrapToken is the first administrator's token; empty to have one made.
	BootstrapToken secret.String
	// EncryptionKeyFile is the absolute path of the file with the keys that encrypt secrets in the database.
	EncryptionKeyFile string
	// AuditReads are patterns (path.Match) of the ids of operations that the audit trail has although they change nothing.
	AuditReads []string
	// Roles is what this process does: some of RoleAPI and RoleWorker, in this order, each once.
	Roles []string
	// LogLevel is the least severe level that is logged.
	LogLevel slog.Level
	// ShutdownTimeout is how long running requests and jobs may take to end when the server is asked to stop.
	ShutdownTimeout time.Duration
	// NodeName tells this process apart from all others that share its database, and stays the same when it is started again.
	NodeName string
	// SimulatedDir is the absolute path of the folder in which the simulated driver keeps its locations. Processes that serve
	// the same simulated locations share it.
	SimulatedDir string
	// SimulatedLatency multiplies how long the simulated driver takes; 0 makes it instant.
	SimulatedLatency float64
}

// HasRole reports whether this process has the role.
func (c Config) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// WithDefaults is c with the default in place of everything that is zero, except where zero means something: the limits, which are
// off, and SimulatedLatency.
func (c Config) WithDefaults() Config {
	for _, s := range settings {
		if s.zero != nil && s.zero(&c) {
			// A default that cannot be determined on this machine leaves the zero value, which Validate reports.
			if def, err := s.defaultValue(&c); err == nil {
				_ = s.set(&c, def)
			}
		}
	}
	return c
}

// An InvalidError is what is wrong with one setting.
type InvalidError struct {
	// Key is the setting's name as the file has it: log_level.
	Key string
	// Origin is the place to look at: "--log-level", "DEMARC_LOG_LEVEL", "log_level in /etc/demarc.yaml"; the key alone when
	// the value was not loaded.
	Origin string
	Err    error
}

func (e *InvalidError) Error() string { return e.Origin + ": " + e.Err.Error() }

func (e *InvalidError) Unwrap() error { return e.Err }

// Validate returns everything that is wrong, as joined errors of type *InvalidError, or nil.
func (c Config) Validate() error {
	var errs []error
	for _, s := range settings {
		if s.check == nil {
			continue
		}
		if err := s.check(&c); err != nil {
			errs = append(errs, &InvalidError{Key: s.key, Origin: s.key, Err: err})
		}
	}
	return errors.Join(errs...)
}

// minBootstrapToken keeps out tokens that can be guessed; the server makes one of 43 characters when none is given.
const minBootstrapToken = 16

var nodeName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$`)

func checkListen(c *Config) error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("%q is not host:port", c.Listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535", c.Listen)
	}
	return nil
}

// checkTLS looks at all settings of TLS together: the server has one certificate, from one place.
func checkTLS(c *Config) error {
	switch {
	case (c.TLSCertFile == "") != (c.TLSKeyFile == ""):
		return errors.New("tls_cert_file and tls_key_file are given together, or neither")
	case c.TLSCertFile != "" && c.TLSSelfSigned:
		return errors.New("tls_self_signed makes a certificate, and tls_cert_file gives one; only one can be")
	}
	return nil
}

// A wildcard may stand for the first label.
var hostName = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$`)

func checkTLSNames(c *Config) error {
	for _, name := range c.TLSNames {
		if _, err := netip.ParseAddr(name); err != nil && (len(name) > 253 || !hostName.MatchString(name)) {
			return fmt.Errorf("%q is neither a host name nor an address", name)
		}
	}
	return nil
}

// checkDatabaseURL finds what is plainly not a PostgreSQL address; connecting finds the rest. Its errors never repeat the
// value, which may have a password in it.
func checkDatabaseURL(c *Config) error {
	v := c.DatabaseURL.Reveal()
	switch {
	case v == "":
		return nil
	case strings.Contains(v, "://"):
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			return errors.New("not a postgres:// URL")
		}
	case !strings.Contains(v, "="):
		return errors.New("neither a postgres:// URL nor key=value pairs")
	}
	return nil
}

func checkBootstrapToken(c *Config) error {
	v := c.BootstrapToken.Reveal()
	if v == "" {
		return nil
	}
	if len(v) < minBootstrapToken {
		return fmt.Errorf("has %d characters; at least %d are needed", len(v), minBootstrapToken)
	}
	// It travels in an HTTP header.
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("must be printable ASCII without spaces")
	}
	return nil
}

func checkAuditReads(c *Config) error {
	for _, p := range c.AuditReads {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("%q is not a pattern such as api_tokens.*", p)
		}
	}
	return nil
}

func checkRoles(c *Config) error {
	if len(c.Roles) == 0 {
		return errors.New("at least one role is needed")
	}
	for _, r := range c.Roles {
		if r != RoleAPI && r != RoleWorker {
			return fmt.Errorf("%q is not a role; roles are %s and %s", r, RoleAPI, RoleWorker)
		}
	}
	return nil
}

func checkPath(path string) error {
	switch {
	case path == "":
		return errors.New("is needed: neither STATE_DIRECTORY, XDG_STATE_HOME nor a home folder gives a default")
	case !filepath.IsAbs(path):
		return fmt.Errorf("%q is not an absolute path", path)
	}
	return nil
}

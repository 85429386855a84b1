package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// environmentPrefix starts every variable. Clients have variables of the same prefix (DEMARC_TOKEN), so an unknown one is not
// an error.
const environmentPrefix = "DEMARC_"

// configKey names the file of settings. It is no setting itself: a file does not name another.
const configKey = "config"

// A setting is one row of the table from which flags, variables, file keys, defaults, checks and documentation all follow.
type setting struct {
	key string
	// placeholder says in the help text what kind of value it takes.
	placeholder string
	meaning     string
	// literal is the default if it is the same on every machine; computed gives it otherwise, described by shown. Rows are in an
	// order in which a computed default finds those that it depends on.
	literal  string
	computed func(*Config) (string, error)
	shown    string
	// A secret may also be read from a file, which <key>_file names. flagless keeps its value off the command line, where
	// every user of the machine could read it.
	secret   bool
	flagless bool
	// namesFile says that the value is the name of a file, as that of <key>_file is.
	namesFile bool
	set       func(*Config, string) error
	// zero reports that WithDefaults has to fill in the default; nil if a zero value means something.
	zero  func(*Config) bool
	check func(*Config) error
}

var settings = []setting{
	{
		key: "listen", placeholder: "HOST:PORT", literal: "127.0.0.1:8080",
		meaning: "Address of the HTTP API; port 0 takes a free one.",
		set:     func(c *Config, v string) error { c.Listen = v; return nil },
		zero:    func(c *Config) bool { return c.Listen == "" },
		check:   checkListen,
	},
	{
		key: "tls_cert_file", placeholder: "FILE", namesFile: true, shown: "none: plain HTTP",
		meaning: "PEM file with the server's certificate and those between it and its authority, for HTTPS. It is read again when it changes.",
		set:     func(c *Config, v string) error { return setPath(&c.TLSCertFile, v) },
		check:   checkTLS,
	},
	{
		key: "tls_key_file", placeholder: "FILE", namesFile: true, shown: "none",
		meaning: "PEM file with the key of that certificate.",
		set:     func(c *Config, v string) error { return setPath(&c.TLSKeyFile, v) },
	},
	{
		key: "tls_self_signed", placeholder: "BOOL", literal: "false",
		meaning: "Serve HTTPS with a certificate that the server makes and renews. Clients trust `tls-ca.pem` of the data folder.",
		set:     func(c *Config, v string) error { return setBool(&c.TLSSelfSigned, v) },
	},
	{
		key: "tls_names", placeholder: "LIST", shown: "none",
		meaning: "Further names and addresses for the certificate that the server makes, beside `localhost`, the host of `listen` and the machine's name.",
		set:     func(c *Config, v string) error { c.TLSNames = list(v); return nil },
		check:   checkTLSNames,
	},
	{
		key: "trusted_proxies", placeholder: "LIST", shown: "none",
		meaning: "Addresses and networks (`10.0.0.0/8`) of proxies that are believed when they say in `X-Forwarded-For` for whom they ask.",
		set:     setTrustedProxies,
	},
	{
		key: "rate_limit_principal", placeholder: "NUMBER", literal: "200",
		meaning: "Requests per second of one principal, on this node; five times as many may come at once. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.RateLimitPrincipal }),
		check:   checkLimit(func(c *Config) int { return c.RateLimitPrincipal }),
	},
	{
		key: "rate_limit_address", placeholder: "NUMBER", literal: "1000",
		meaning: "Requests per second from one remote address (of IPv6, one /64 network), on this node; five times as many may come at once. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.RateLimitAddress }),
		check:   checkLimit(func(c *Config) int { return c.RateLimitAddress }),
	},
	{
		key: "rate_limit_authentication", placeholder: "NUMBER", literal: "10",
		meaning: "Requests per second with a token that is not valid, from one remote address, on this node; five times as many may come at once. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.RateLimitAuthentication }),
		check:   checkLimit(func(c *Config) int { return c.RateLimitAuthentication }),
	},
	{
		key: "max_long_polls", placeholder: "NUMBER", literal: "5000",
		meaning: "Requests that wait for the end of an operation, or for events, at a time, on this node. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.MaxLongPolls }),
		check:   checkLimit(func(c *Config) int { return c.MaxLongPolls }),
	},
	{
		key: "max_long_polls_per_principal", placeholder: "NUMBER", literal: "100",
		meaning: "Those of one principal. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.MaxLongPollsPerPrincipal }),
		check:   checkLimit(func(c *Config) int { return c.MaxLongPollsPerPrincipal }),
	},
	{
		key: "max_streams", placeholder: "NUMBER", literal: "200",
		meaning: "Requests at a time of which the body or the answer streams, on this node. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.MaxStreams }),
		check:   checkLimit(func(c *Config) int { return c.MaxStreams }),
	},
	{
		key: "max_streams_per_principal", placeholder: "NUMBER", literal: "20",
		meaning: "Those of one principal. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.MaxStreamsPerPrincipal }),
		check:   checkLimit(func(c *Config) int { return c.MaxStreamsPerPrincipal }),
	},
	{
		key: "stream_stall_timeout", placeholder: "DURATION", literal: "30s",
		meaning: "How long what streams may stand still because of its client.",
		set:     setDuration(func(c *Config) *time.Duration { return &c.StreamStallTimeout }),
		zero:    func(c *Config) bool { return c.StreamStallTimeout == 0 },
		check:   checkPositive(func(c *Config) time.Duration { return c.StreamStallTimeout }),
	},
	{
		key: "stream_min_rate", placeholder: "BYTES", literal: "1024",
		meaning: "Bytes per second that a body which streams has to come at. `0` for any number.",
		set:     setNumber(func(c *Config) *int { return &c.StreamMinRate }),
		check:   checkLimit(func(c *Config) int { return c.StreamMinRate }),
	},
	{
		key: "database_url", placeholder: "URL", shown: "a private PostgreSQL in the data folder", secret: true,
		meaning: "PostgreSQL to use, 15 or newer.",
		set:     func(c *Config, v string) error { c.DatabaseURL = secret.New(v); return nil },
		check:   checkDatabaseURL,
	},
	{
		key: "data_dir", placeholder: "FOLDER",
		meaning:  "Folder for all that this process keeps; made when missing.",
		computed: func(*Config) (string, error) { return defaultDataDir(os.Getenv, os.Geteuid()) },
		shown:    "`$STATE_DIRECTORY` (systemd), else `/var/lib/demarc` as root, else `$XDG_STATE_HOME/demarc` or `~/.local/state/demarc`",
		set:      func(c *Config, v string) (err error) { c.DataDir, err = filepath.Abs(v); return err },
		zero:     func(c *Config) bool { return c.DataDir == "" },
		check:    func(c *Config) error { return checkPath(c.DataDir) },
	},
	{
		key: "bootstrap_token", placeholder: "TOKEN", shown: "made at the first start, into the file `bootstrap-token` of the data folder",
		meaning: "Token of the first administrator.",
		secret:  true, flagless: true,
		set:   func(c *Config, v string) error { c.BootstrapToken = secret.New(v); return nil },
		check: checkBootstrapToken,
	},
	{
		key: "encryption_key_file", placeholder: "FILE", namesFile: true,
		meaning: "File with the keys that encrypt secrets in the database; made at the first start. Nodes on the same database need the same keys.",
		computed: func(c *Config) (string, error) {
			if c.DataDir == "" {
				return "", errors.New("there is no data folder")
			}
			return filepath.Join(c.DataDir, "encryption-key"), nil
		},
		shown: "`encryption-key` in the data folder",
		set:   func(c *Config, v string) (err error) { c.EncryptionKeyFile, err = filepath.Abs(v); return err },
		zero:  func(c *Config) bool { return c.EncryptionKeyFile == "" },
		check: func(c *Config) error { return checkPath(c.EncryptionKeyFile) },
	},
	{
		key: "audit_reads", placeholder: "LIST", shown: "none",
		meaning: "Operations that are put on record although they change nothing: patterns of their ids such as `api_tokens.*`, `*.list`, or `*` for all.",
		set:     func(c *Config, v string) error { c.AuditReads = list(v); return nil },
		check:   checkAuditReads,
	},
	{
		key: "roles", placeholder: "LIST", literal: RoleAPI + "," + RoleWorker,
		meaning: "What this process does: `api` answers requests, `worker` carries out operations.",
		set:     setRoles,
		zero:    func(c *Config) bool { return len(c.Roles) == 0 },
		check:   checkRoles,
	},
	{
		key: "log_level", placeholder: "LEVEL", literal: "info",
		meaning: "Least severe level that is logged: `debug`, `info`, `warn` or `error`.",
		set:     setLogLevel,
	},
	{
		key: "shutdown_timeout", placeholder: "DURATION", literal: "30s",
		meaning: "How long running requests and jobs may take to end when the server is asked to stop.",
		set:     setDuration(func(c *Config) *time.Duration { return &c.ShutdownTimeout }),
		zero:    func(c *Config) bool { return c.ShutdownTimeout == 0 },
		check:   checkPositive(func(c *Config) time.Duration { return c.ShutdownTimeout }),
	},
	{
		key: "node_name", placeholder: "NAME",
		meaning:  "Tells this process apart from all others on the same database. It must stay the same from start to start: by it a node takes up its own unfinished work.",
		computed: defaultNodeName,
		shown:    "host name and a digest of the data folder's path",
		set:      func(c *Config, v string) error { c.NodeName = v; return nil },
		zero:     func(c *Config) bool { return c.NodeName == "" },
		check: func(c *Config) error {
			if !nodeName.MatchString(c.NodeName) {
				return fmt.Errorf("%q is not a name of 1 to 100 letters, digits, '.', '_' and '-'", c.NodeName)
			}
			return nil
		},
	},
	{
		key: "simulated_dir", placeholder: "FOLDER",
		meaning: "Folder of the simulated driver. Nodes that serve the same simulated locations share it.",
		computed: func(c *Config) (string, error) {
			if c.DataDir == "" {
				return "", errors.New("there is no data folder")
			}
			return filepath.Join(c.DataDir, "simulated"), nil
		},
		shown: "`simulated` in the data folder",
		set:   func(c *Config, v string) (err error) { c.SimulatedDir, err = filepath.Abs(v); return err },
		zero:  func(c *Config) bool { return c.SimulatedDir == "" },
		check: func(c *Config) error { return checkPath(c.SimulatedDir) },
	},
	{
		key: "simulated_latency", placeholder: "FACTOR", literal: "1",
		meaning: "Multiplies how long the simulated driver takes; `0` makes it instant.",
		set: func(c *Config, v string) error {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return fmt.Errorf("%q is not a number", v)
			}
			c.SimulatedLatency = f
			return nil
		},
		check: func(c *Config) error {
			if f := c.SimulatedLatency; f < 0 || f > 1000 || math.IsNaN(f) {
				return fmt.Errorf("%v is not from 0 to 1000", f)
			}
			return nil
		},
	},
	{
		key: "check_answers", placeholder: "BOOL", literal: "false",
		meaning: "Compare every answer with the specification, and answer 500 in the place of one that does not fit: for tests, which fail by it.",
		set:     func(c *Config, v string) error { return setBool(&c.CheckAnswers, v) },
	},
}

func (s setting) flag() string { return strings.ReplaceAll(s.key, "_", "-") }

func (s setting) variable() string { return environmentPrefix + strings.ToUpper(s.key) }

// fileKey is where the name of a file with the value can be given, for secrets.
func (s setting) fileKey() string { return s.key + "_file" }

func (s setting) defaultValue(c *Config) (string, error) {
	if s.computed != nil {
		return s.computed(c)
	}
	return s.literal, nil
}

func setRoles(c *Config, v string) error {
	named := list(v)
	slices.Sort(named)
	c.Roles = slices.Compact(named)
	return nil
}

// list takes values that are separated by commas apart.
func list(v string) []string {
	var out []string
	for e := range strings.SplitSeq(v, ",") {
		if e = strings.TrimSpace(e); e != "" {
			out = append(out, e)
		}
	}
	return out
}

// setBool takes true or false, in the ways that Go writes them.
func setBool(field *bool, v string) (err error) {
	if *field, err = strconv.ParseBool(v); err != nil {
		return fmt.Errorf("%q is not true or false", v)
	}
	return nil
}

// setPath makes a name absolute; that of no file stays empty.
func setPath(field *string, v string) (err error) {
	if *field = v; v != "" {
		*field, err = filepath.Abs(v)
	}
	return err
}

func setTrustedProxies(c *Config, v string) error {
	c.TrustedProxies = nil
	for _, e := range list(v) {
		network, err := netip.ParsePrefix(e)
		if err != nil {
			address, err := netip.ParseAddr(e)
			if err != nil {
				return fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", e)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		c.TrustedProxies = append(c.TrustedProxies, network)
	}
	return nil
}

func setNumber(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", v)
		}
		*field(c) = n
		return nil
	}
}

// maxLimit is beyond what one node can do; it keeps sums of limits far from overflowing.
const maxLimit = 1_000_000

func checkLimit(field func(*Config) int) func(*Config) error {
	return func(c *Config) error {
		if n := field(c); n < 0 || n > maxLimit {
			return fmt.Errorf("%d is not from 0 to %d", n, maxLimit)
		}
		return nil
	}
}

func setLogLevel(c *Config, v string) error {
	if err := c.LogLevel.UnmarshalText([]byte(v)); err != nil {
		return fmt.Errorf("%q is not one of debug, info, warn, error", v)
	}
	return nil
}

func setDuration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("%q is not a duration like 30s or 5m", v)
		}
		*field(c) = d
		return nil
	}
}

func checkPositive(field func(*Config) time.Duration) func(*Config) error {
	return func(c *Config) error {
		if d := field(c); d <= 0 {
			return fmt.Errorf("%v is not longer than nothing", d)
		}
		return nil
	}
}

// defaultDataDir does not depend on the working folder: a server started from elsewhere must find its data again. Root's home
// is no choice either, since the private PostgreSQL, which refuses root, could not reach into it.
func defaultDataDir(getenv func(string) string, uid int) (string, error) {
	// systemd gives a list separated by colons if the unit declares several.
	if dir, _, _ := strings.Cut(getenv("STATE_DIRECTORY"), ":"); dir != "" {
		return dir, nil
	}
	if uid == 0 {
		return "/var/lib/demarc", nil
	}
	// The specification tells programs to ignore a relative path.
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "demarc"), nil
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "demarc"), nil
	}
	return "", errors.New("there is no home folder")
}

// defaultNodeName has the data folder in it so that several nodes on one machine differ, and each is the same when it is
// started again.
func defaultNodeName(c *Config) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", err
	}
	host = strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && nodeName.MatchString(string(r)) || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, host), ".-")
	if host == "" {
		host = "node"
	}
	return fmt.Sprintf("%.80s-%.4x", host, sha256.Sum256([]byte(c.DataDir))), nil
}

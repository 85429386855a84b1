package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

const token = "a-token-long-enough-to-use"

// load runs Load as a program with these arguments and environment would.
func load(t *testing.T, args []string, environ ...string) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return config.Load(flags, environ)
}

func mustLoad(t *testing.T, args []string, environ ...string) config.Config {
	t.Helper()
	c, err := load(t, args, environ...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsWork(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, nil)
	if c.Listen != "127.0.0.1:8080" || !c.DatabaseURL.IsZero() || !c.BootstrapToken.IsZero() || c.LogLevel != slog.LevelInfo ||
		c.ShutdownTimeout != 30*time.Second || c.TLSSelfSigned || c.TLSCertFile != "" || c.TrustedProxies != nil || c.RateLimitPrincipal != 200 ||
		c.RateLimitAddress != 1000 || c.RateLimitAuthentication != 10 || c.MaxLongPolls != 5000 || c.MaxLongPollsPerPrincipal != 100 || c.MaxStreams != 200 ||
		c.MaxStreamsPerPrincipal != 20 || c.StreamStallTimeout != 30*time.Second || c.StreamMinRate != 1024 || !slices.Equal(c.Roles, []string{"api", "worker"}) || c.SimulatedLatency != 1 {
		t.Errorf("got %+v", c)
	}
	if !filepath.IsAbs(c.DataDir) || c.SimulatedDir != filepath.Join(c.DataDir, "simulated") || c.EncryptionKeyFile != filepath.Join(c.DataDir, "encryption-key") {
		t.Errorf("paths are %q, %q and %q", c.DataDir, c.SimulatedDir, c.EncryptionKeyFile)
	}
	if !c.HasRole(config.RoleAPI) || !c.HasRole(config.RoleWorker) || c.HasRole("iam") {
		t.Errorf("roles are %v", c.Roles)
	}
}

func TestZeroConfigWithDefaultsEqualsLoaded(t *testing.T) {
	t.Parallel()
	// Their zero means something, so that WithDefaults leaves it.
	loaded := mustLoad(t, []string{"--simulated-latency=0", "--rate-limit-principal=0", "--rate-limit-address=0", "--rate-limit-authentication=0",
		"--max-long-polls=0", "--max-long-polls-per-principal=0", "--max-streams=0", "--max-streams-per-principal=0", "--stream-min-rate=0"})
	completed := config.Config{}.WithDefaults()
	if fmt.Sprintf("%+v", completed) != fmt.Sprintf("%+v", loaded) {
		t.Errorf("got  %+v\nwant %+v", completed, loaded)
	}
	if err := completed.Validate(); err != nil {
		t.Error(err)
	}
	kept := config.Config{Listen: ":1", DataDir: "/d", EncryptionKeyFile: "/k", Roles: []string{"api"}, ShutdownTimeout: 1, NodeName: "n", StreamStallTimeout: 1, SimulatedDir: "/s", SimulatedLatency: 2}
	if got := kept.WithDefaults(); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", kept) {
		t.Errorf("values were replaced: %+v", got)
	}
}

// Every setting, given by each of the three sources alone, must arrive; and each stronger source must win over the weaker.
func TestEverySettingFromEverySource(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for key, v := range map[string]struct {
		values [3]string // in the file, the environment, the flag
		get    func(config.Config) string
	}{
		"listen":                       {[3]string{"h1:1", "h2:2", "h3:3"}, func(c config.Config) string { return c.Listen }},
		"tls_self_signed":              {[3]string{"true", "0", "TRUE"}, func(c config.Config) string { return fmt.Sprint(c.TLSSelfSigned) }},
		"check_answers":                {[3]string{"true", "0", "TRUE"}, func(c config.Config) string { return fmt.Sprint(c.CheckAnswers) }},
		"tls_names":                    {[3]string{"[a.example.com, 10.0.0.1]", "b", "c,*.d,::1"}, func(c config.Config) string { return fmt.Sprint(c.TLSNames) }},
		"trusted_proxies":              {[3]string{"[10.0.0.0/8, 192.0.2.1]", "::1", "fd00::/8, 10.0.0.1"}, func(c config.Config) string { return fmt.Sprint(c.TrustedProxies) }},
		"rate_limit_principal":         {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.RateLimitPrincipal) }},
		"rate_limit_address":           {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.RateLimitAddress) }},
		"rate_limit_authentication":    {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.RateLimitAuthentication) }},
		"max_long_polls":               {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.MaxLongPolls) }},
		"max_streams":                  {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.MaxStreams) }},
		"max_streams_per_principal":    {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.MaxStreamsPerPrincipal) }},
		"stream_min_rate":              {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.StreamMinRate) }},
		"stream_stall_timeout":         {[3]string{"1s", "2s", "3s"}, func(c config.Config) string { return c.StreamStallTimeout.String() }},
		"max_long_polls_per_principal": {[3]string{"1", "0", "3"}, func(c config.Config) string { return fmt.Sprint(c.MaxLongPollsPerPrincipal) }},
		"database_url":                 {[3]string{"postgres://h1/a", "postgresql://h2/b", "host=h3"}, func(c config.Config) string { return c.DatabaseURL.Reveal() }},
		"data_dir":                     {[3]string{dir + "/1", dir + "/2", dir + "/3"}, func(c config.Config) string { return c.DataDir }},
		"bootstrap_token":              {[3]string{token + "1", token + "2", ""}, func(c config.Config) string { return c.BootstrapToken.Reveal() }},
		"encryption_key_file":          {[3]string{dir + "/k1", dir + "/k2", dir + "/k3"}, func(c config.Config) string { return c.EncryptionKeyFile }},
		"audit_reads":                  {[3]string{"api_tokens.*", "*.list", "disks.get,*"}, func(c config.Config) string { return strings.Join(c.AuditReads, ",") }},
		"roles":                        {[3]string{"[worker]", "api", "worker,api"}, func(c config.Config) string { return strings.Join(c.Roles, " ") }},
		"log_level":                    {[3]string{"debug", "WARN", "error"}, func(c config.Config) string { return c.LogLevel.String() }},
		"shutdown_timeout":             {[3]string{"1s", "2m", "3h"}, func(c config.Config) string { return c.ShutdownTimeout.String() }},
		"node_name":                    {[3]string{"n1", "n2", "n3.example.com"}, func(c config.Config) string { return c.NodeName }},
		"simulated_dir":                {[3]string{dir + "/4", dir + "/5", dir + "/6"}, func(c config.Config) string { return c.SimulatedDir }},
		"simulated_latency":            {[3]string{"0", "0.5", "3"}, func(c config.Config) string { return fmt.Sprint(c.SimulatedLatency) }},
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			want := v.values
			switch key {
			case "tls_self_signed", "check_answers":
				want = [3]string{"true", "false", "true"}
			case "tls_names":
				want = [3]string{"[a.example.com 10.0.0.1]", "[b]", "[c *.d ::1]"}
			case "trusted_proxies":
				want = [3]string{"[10.0.0.0/8 192.0.2.1/32]", "[::1/128]", "[fd00::/8 10.0.0.1/32]"}
			case "roles":
				want = [3]string{"worker", "api", "api worker"}
			case "log_level":
				want = [3]string{"DEBUG", "WARN", "ERROR"}
			case "shutdown_timeout":
				want = [3]string{"1s", "2m0s", "3h0m0s"}
			}
			file := writeFile(t, "server.yaml", key+": "+v.values[0]+"\n")
			variable := "DEMARC_" + strings.ToUpper(key) + "=" + v.values[1]
			flag := "--" + strings.ReplaceAll(key, "_", "-") + "=" + v.values[2]

			if got := v.get(mustLoad(t, []string{"--config", file})); got != want[0] {
				t.Errorf("file: got %q, want %q", got, want[0])
			}
			if got := v.get(mustLoad(t, nil, variable)); got != want[1] {
				t.Errorf("environment: got %q, want %q", got, want[1])
			}
			if got := v.get(mustLoad(t, nil, variable, "DEMARC_CONFIG="+file)); got != want[1] {
				t.Errorf("environment over file: got %q, want %q", got, want[1])
			}
			if got := v.get(mustLoad(t, nil, "DEMARC_"+strings.ToUpper(key)+"=", "DEMARC_CONFIG="+file)); got != want[0] {
				t.Errorf("empty variable over file: got %q, want %q", got, want[0])
			}
			if v.values[2] == "" {
				return
			}
			if got := v.get(mustLoad(t, []string{flag})); got != want[2] {
				t.Errorf("flag: got %q, want %q", got, want[2])
			}
			if got := v.get(mustLoad(t, []string{flag, "--config", file}, variable)); got != want[2] {
				t.Errorf("flag over all: got %q, want %q", got, want[2])
			}
		})
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	one, two := writeFile(t, "one", token+"1\n"), writeFile(t, "two", token+"2")
	file := writeFile(t, "server.yaml", "bootstrap_token_file: relative\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "relative"), []byte(token+"3"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := writeFile(t, "url", "postgres://u:p@h/d\n")
	for name, v := range map[string]struct {
		args, environ []string
		want          string
	}{
		"flag":                       {[]string{"--bootstrap-token-file", one}, nil, "1"},
		"environment":                {nil, []string{"DEMARC_BOOTSTRAP_TOKEN_FILE=" + two}, "2"},
		"relative to the file":       {[]string{"--config", file}, nil, "3"},
		"flag over variable":         {[]string{"--bootstrap-token-file", one}, []string{"DEMARC_BOOTSTRAP_TOKEN=" + token + "9"}, "1"},
		"variable over file's file":  {[]string{"--config", file}, []string{"DEMARC_BOOTSTRAP_TOKEN=" + token + "9"}, "9"},
		"variable file over file's":  {[]string{"--config", file}, []string{"DEMARC_BOOTSTRAP_TOKEN_FILE=" + two}, "2"},
		"another secret besides, ok": {[]string{"--database-url-file", url, "--bootstrap-token-file", one}, nil, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mustLoad(t, v.args, v.environ...).BootstrapToken.Reveal(); got != token+v.want {
				t.Errorf("got %q", got)
			}
		})
	}
	if got := mustLoad(t, []string{"--database-url-file", url}).DatabaseURL.Reveal(); got != "postgres://u:p@h/d" {
		t.Errorf("got %q", got)
	}
}

// keys are the settings that an error complains of, in order.
func keys(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var all []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	var out []string
	for _, e := range all {
		var invalid *config.InvalidError
		if !errors.As(e, &invalid) {
			t.Errorf("%v is no InvalidError", e)
			continue
		}
		out = append(out, invalid.Key)
	}
	slices.Sort(out)
	return out
}

func TestAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "server.yaml", `
listen: nonsense
no_such_setting: 1
node_name: "two words"
roles: {api: true}
config: other.yaml
`)
	_, err := load(t, []string{"--config", file, "--shutdown-timeout=soon", "--simulated-latency=-1"},
		"DEMARC_LOG_LEVEL=loud", "DEMARC_DATABASE_URL=mysql://root:hunter2@h/d", "DEMARC_BOOTSTRAP_TOKEN=hunter2")
	want := []string{"bootstrap_token", "config", "database_url", "listen", "log_level", "no_such_setting", "node_name", "roles", "shutdown_timeout", "simulated_latency"}
	if got := keys(t, err); !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v\n%v", got, want, err)
	}
	for _, part := range []string{
		"listen in " + file + ": ", "no_such_setting in " + file + ": there is no such setting", "--shutdown-timeout: ",
		"--simulated-latency: ", "DEMARC_LOG_LEVEL: ", "DEMARC_DATABASE_URL: ", "DEMARC_BOOTSTRAP_TOKEN: ",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret is in %q", err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	one := writeFile(t, "one", token)
	empty := writeFile(t, "empty", " \n")
	notYAML := writeFile(t, "not.yaml", "a: [")
	for name, v := range map[string]struct {
		args, environ []string
		key           string
	}{
		"no port":             {[]string{"--listen=localhost"}, nil, "listen"},
		"port too large":      {[]string{"--listen=:65536"}, nil, "listen"},
		"pattern of reads":    {[]string{"--audit-reads=*,[a-"}, nil, "audit_reads"},
		"unknown role":        {[]string{"--roles=api,iam"}, nil, "roles"},
		"no role":             {[]string{"--roles=,"}, nil, "roles"},
		"no time":             {[]string{"--shutdown-timeout=0s"}, nil, "shutdown_timeout"},
		"time without unit":   {[]string{"--shutdown-timeout=30"}, nil, "shutdown_timeout"},
		"long name":           {[]string{"--node-name=" + strings.Repeat("n", 101)}, nil, "node_name"},
		"latency no number":   {[]string{"--simulated-latency=NaN"}, nil, "simulated_latency"},
		"latency text":        {[]string{"--simulated-latency=slow"}, nil, "simulated_latency"},
		"certificate alone":   {[]string{"--tls-cert-file=c"}, nil, "tls_cert_file"},
		"key alone":           {[]string{"--tls-key-file=c"}, nil, "tls_cert_file"},
		"two certificates":    {[]string{"--tls-cert-file=c", "--tls-key-file=k", "--tls-self-signed=true"}, nil, "tls_cert_file"},
		"self-signed":         {[]string{"--tls-self-signed=perhaps"}, nil, "tls_self_signed"},
		"TLS name":            {[]string{"--tls-names=a,https://b"}, nil, "tls_names"},
		"long TLS name":       {[]string{"--tls-names=" + strings.Repeat("a.", 126) + "aa"}, nil, "tls_names"},
		"proxy by name":       {[]string{"--trusted-proxies=10.0.0.0/8,proxy"}, nil, "trusted_proxies"},
		"negative rate":       {[]string{"--rate-limit-principal=-1"}, nil, "rate_limit_principal"},
		"rate with a unit":    {[]string{"--rate-limit-address=10/s"}, nil, "rate_limit_address"},
		"huge rate":           {[]string{"--rate-limit-authentication=1000001"}, nil, "rate_limit_authentication"},
		"negative polls":      {[]string{"--max-long-polls=-1"}, nil, "max_long_polls"},
		"huge polls":          {[]string{"--max-long-polls-per-principal=1000001"}, nil, "max_long_polls_per_principal"},
		"not a database":      {[]string{"--database-url=somewhere"}, nil, "database_url"},
		"short token":         {nil, []string{"DEMARC_BOOTSTRAP_TOKEN=short"}, "bootstrap_token"},
		"token with space":    {nil, []string{"DEMARC_BOOTSTRAP_TOKEN=a token with spaces in it"}, "bootstrap_token"},
		"token twice":         {nil, []string{"DEMARC_BOOTSTRAP_TOKEN=" + token, "DEMARC_BOOTSTRAP_TOKEN_FILE=" + one}, "bootstrap_token"},
		"token file missing":  {[]string{"--bootstrap-token-file=/nonexistent/token"}, nil, "bootstrap_token"},
		"token file empty":    {[]string{"--bootstrap-token-file", empty}, nil, "bootstrap_token"},
		"config file missing": {[]string{"--config=/nonexistent/server.yaml"}, nil, "config"},
		"config file no YAML": {[]string{"--config", notYAML}, nil, "config"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, v.args, v.environ...)
			if got := keys(t, err); !slices.Equal(got, []string{v.key}) {
				t.Errorf("complains of %v: %v", got, err)
			}
		})
	}
}

func TestValidateAZeroConfig(t *testing.T) {
	t.Parallel()
	want := []string{"data_dir", "encryption_key_file", "listen", "node_name", "roles", "shutdown_timeout", "simulated_dir", "stream_stall_timeout"}
	if got := keys(t, config.Config{}.Validate()); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	relative := config.Config{DataDir: "relative"}.WithDefaults()
	if got := keys(t, relative.Validate()); !slices.Contains(got, "data_dir") {
		t.Errorf("got %v", got)
	}
}

func TestNodeNameFollowsTheDataFolder(t *testing.T) {
	t.Parallel()
	name := func(dir string) string { return mustLoad(t, []string{"--data-dir", dir}).NodeName }
	if first, second := name("/a"), name("/a"); first != second {
		t.Error("a restart changes the name")
	}
	if name("/a") == name("/b") {
		t.Error("two nodes on one machine have one name")
	}
}

func TestKeyFileRelativeToTheConfigFile(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "server.yaml", "encryption_key_file: keys/current\n")
	if got, want := mustLoad(t, []string{"--config", file}).EncryptionKeyFile, filepath.Join(filepath.Dir(file), "keys", "current"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTLSFiles(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "server.yaml", "tls_cert_file: server.pem\ntls_key_file: /keys/server.pem\n")
	c := mustLoad(t, []string{"--config", file})
	if want := filepath.Join(filepath.Dir(file), "server.pem"); c.TLSCertFile != want || c.TLSKeyFile != "/keys/server.pem" {
		t.Errorf("got %q and %q", c.TLSCertFile, c.TLSKeyFile)
	}
	c = mustLoad(t, []string{"--tls-cert-file=/c", "--config", file}, "DEMARC_TLS_KEY_FILE=/k")
	if c.TLSCertFile != "/c" || c.TLSKeyFile != "/k" {
		t.Errorf("got %q and %q", c.TLSCertFile, c.TLSKeyFile)
	}
}

func TestRelativeFoldersBecomeAbsolute(t *testing.T) {
	t.Parallel()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, []string{"--data-dir=d", "--simulated-dir=s"})
	if c.DataDir != filepath.Join(wd, "d") || c.SimulatedDir != filepath.Join(wd, "s") {
		t.Errorf("got %q and %q", c.DataDir, c.SimulatedDir)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := mustLoad(t, []string{"--database-url=postgres://u:hunter2@h/d"}, "DEMARC_BOOTSTRAP_TOKEN="+token)
	if out := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(out, "hunter2") || strings.Contains(out, token) || !strings.Contains(out, secret.Redacted) {
		t.Error(out)
	}
}

func TestNoFlagTakesATokenItself(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	if flags.Lookup("bootstrap-token") != nil {
		t.Error("other users of the machine can read command lines")
	}
}

// Every flag and every variable that works must be in the documentation, and every flag in the documentation must exist.
func TestReference(t *testing.T) {
	t.Parallel()
	doc := config.Reference()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.AddFlags(flags)
	n := 0
	flags.VisitAll(func(f *pflag.Flag) {
		n++
		if !strings.Contains(doc, "`--"+f.Name+" ") || !strings.Contains(doc, "`DEMARC_"+strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))+"`") {
			t.Errorf("--%s or its variable is missing", f.Name)
		}
	})
	if got := strings.Count(doc, "`--"); got != n {
		t.Errorf("%d flags documented, %d exist", got, n)
	}
	for line := range strings.Lines(doc) {
		if strings.Count(line, "|")-strings.Count(line, `\|`) != 6 {
			t.Errorf("not five cells: %s", line)
		}
	}
}

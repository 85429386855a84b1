package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/demarc/demarc/controlplane/client"
)

// envConfig names another profile file than ~/.config/demarc/config.yaml.
const envConfig = "DEMARC_CONFIG"

// profile is the file that holds the contexts.
type profile struct {
	Current  string                   `yaml:"current,omitempty"`
	Contexts map[string]serverContext `yaml:"contexts,omitempty"`
}

// serverContext is a server under a name.
type serverContext struct {
	Endpoint  string `yaml:"endpoint"`
	Token     string `yaml:"token,omitempty"`
	TokenFile string `yaml:"token_file,omitempty"`
	CAFile    string `yaml:"ca_file,omitempty"`
}

func profileFile() (string, error) {
	if f := os.Getenv(envConfig); f != "" {
		return f, nil
	}
	dir := os.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "demarc", "config.yaml"), nil
}

func loadProfile() (*profile, error) {
	file, err := profileFile()
	if err != nil {
		return nil, err
	}
	p := &profile{Contexts: map[string]serverContext{}}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(strings.NewReader(string(b)))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil && !errors.Is(err, io.EOF) {
		// The parser's message would repeat the line, which may hold a token.
		return nil, fmt.Errorf("%s is not a profile: wrong YAML, or a setting that does not exist", file)
	}
	if p.Contexts == nil {
		p.Contexts = map[string]serverContext{}
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	secret := func(c serverContext) bool { return c.Token != "" }
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 && slices.ContainsFunc(slices.Collect(maps.Values(p.Contexts)), secret) {
		return nil, fmt.Errorf("%s holds a token and others may read it: chmod 600 %s", file, file)
	}
	return p, nil
}

// save replaces the file in one step, readable by its owner alone.
func (p *profile) save() error {
	file, err := profileFile()
	if err != nil {
		return err
	}
	b, err := yaml.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".config-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name()) // fails once it is renamed
	if _, err := fresh.Write(b); err != nil {
		return errors.Join(err, fresh.Close())
	}
	if err := errors.Join(fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), file)
}

func (c serverContext) config() client.Config {
	return client.Config{Endpoint: c.Endpoint, Token: c.Token, TokenFile: c.TokenFile, CAFile: c.CAFile}
}

// connectionConfig finds the server: --context, else DEMARC_ENDPOINT, else the current context. A token goes only to
// the server that it was set for: one from a context never to an endpoint that came from elsewhere.
func (a *app) connectionConfig() (client.Config, error) {
	env, err := client.ConfigFromEnv()
	if err != nil {
		return client.Config{}, err
	}
	cfg := env
	fromContext := false
	if a.context != "" || env.Endpoint == "" {
		p, err := loadProfile()
		if err != nil {
			return client.Config{}, err
		}
		name := a.context
		if name == "" {
			name = p.Current
		}
		c, ok := p.Contexts[name]
		if !ok && name != "" {
			return client.Config{}, fmt.Errorf("there is no context %q (demarc context list)", name)
		}
		if ok {
			cfg, fromContext = c.config(), true
		}
		if a.context == "" {
			if env.Token != "" || env.TokenFile != "" {
				cfg.Token, cfg.TokenFile = env.Token, env.TokenFile
			}
			if env.CAFile != "" {
				cfg.CAFile = env.CAFile
			}
		}
	}
	if a.endpoint != "" {
		if fromContext && a.endpoint != cfg.Endpoint {
			cfg = env
		}
		cfg.Endpoint = a.endpoint
	}
	if a.tokenFile != "" {
		cfg.Token, cfg.TokenFile = "", a.tokenFile
	}
	if a.caFile != "" {
		cfg.CAFile = a.caFile
	}
	if cfg.Endpoint == "" {
		return client.Config{}, fmt.Errorf("no server is known: run demarc context set, or set %s", client.EnvEndpoint)
	}
	return cfg, nil
}

func (a *app) contextCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "context",
		Short: "Keep servers under names",
		Long:  "Keep servers under names, in ~/.config/demarc/config.yaml or the file that " + envConfig + " names.",
	})
	cmd.AddCommand(
		&cobra.Command{
			Use:     "list",
			Aliases: []string{"ls"},
			Short:   "List the contexts",
			Args:    cobra.NoArgs,
			RunE:    func(*cobra.Command, []string) error { return a.listContexts() },
		},
		&cobra.Command{
			Use:               "use NAME",
			Short:             "Make a context the current one",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: completeContexts,
			RunE: func(_ *cobra.Command, args []string) error {
				return changeProfile(func(p *profile) error {
					if _, ok := p.Contexts[args[0]]; !ok {
						return fmt.Errorf("there is no context %q", args[0])
					}
					p.Current = args[0]
					return nil
				})
			},
		},
		a.setContextCommand(),
		&cobra.Command{
			Use:               "delete NAME",
			Short:             "Forget a context",
			Args:              cobra.ExactArgs(1),
			ValidArgsFunction: completeContexts,
			RunE: func(_ *cobra.Command, args []string) error {
				return changeProfile(func(p *profile) error {
					if _, ok := p.Contexts[args[0]]; !ok {
						return fmt.Errorf("there is no context %q", args[0])
					}
					delete(p.Contexts, args[0])
					if p.Current == args[0] {
						p.Current = ""
					}
					return nil
				})
			},
		},
	)
	return cmd
}

func changeProfile(change func(*profile) error) error {
	p, err := loadProfile()
	if err != nil {
		return err
	}
	if err := change(p); err != nil {
		return err
	}
	return p.save()
}

func (a *app) listContexts() error {
	p, err := loadProfile()
	if err != nil {
		return err
	}
	type row struct {
		Name      string `json:"name"`
		Current   bool   `json:"current"`
		Endpoint  string `json:"endpoint"`
		TokenFile string `json:"token_file,omitempty"`
		CAFile    string `json:"ca_file,omitempty"`
	}
	rows := []row{}
	for _, name := range slices.Sorted(maps.Keys(p.Contexts)) {
		c := p.Contexts[name]
		rows = append(rows, row{name, name == p.Current, c.Endpoint, c.TokenFile, c.CAFile})
	}
	return a.print(rows, func(w io.Writer) error {
		t := newTable("CURRENT", "NAME", "ENDPOINT")
		for _, r := range rows {
			mark := ""
			if r.Current {
				mark = "*"
			}
			t.add(mark, r.Name, r.Endpoint)
		}
		return t.write(w)
	})
}

func (a *app) setContextCommand() *cobra.Command {
	var tokenStdin bool
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Add or change a context",
		Long: `Add or change a context. The first one becomes the current one.

  demarc context set prod --endpoint https://cloud.example.com --token-file ~/.demarc-token
  pass show demarc | demarc context set prod --token-stdin`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeContexts,
		RunE: func(cmd *cobra.Command, args []string) error {
			var token string
			if tokenStdin {
				b, err := io.ReadAll(io.LimitReader(a.streams.In, 64<<10))
				if err != nil {
					return err
				}
				if token = strings.TrimSpace(string(b)); token == "" {
					return errors.New("standard input holds no token")
				}
			}
			return changeProfile(func(p *profile) error {
				c := p.Contexts[args[0]]
				if a.endpoint != "" && a.endpoint != c.Endpoint {
					// The old token was for the old server.
					c = serverContext{Endpoint: a.endpoint, CAFile: c.CAFile}
				}
				var err error
				if a.tokenFile != "" {
					if c.TokenFile, err = filepath.Abs(a.tokenFile); err != nil {
						return err
					}
					c.Token = ""
				}
				if a.caFile != "" {
					if c.CAFile, err = filepath.Abs(a.caFile); err != nil {
						return err
					}
				}
				if token != "" {
					c.Token, c.TokenFile = token, ""
				}
				// What cannot be used is not stored.
				if _, err := client.New(c.config()); err != nil {
					return err
				}
				p.Contexts[args[0]] = c
				if p.Current == "" {
					p.Current = args[0]
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&tokenStdin, "token-stdin", false, "read the token from standard input and keep it in the profile")
	return cmd
}

// completeContexts completes the one argument of a command.
func completeContexts(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return contextNames(cmd, args, begun)
}

func contextNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	p, err := loadProfile()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(p.Contexts)), cobra.ShellCompDirectiveNoFileComp
}

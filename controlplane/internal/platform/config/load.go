package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// AddFlags declares the flags of all settings, and --config.
func AddFlags(flags *pflag.FlagSet) {
	flags.String(configKey, "", "YAML `FILE` with settings")
	for _, s := range settings {
		usage := strings.ReplaceAll(s.meaning, "`", "'")
		if def := s.shownDefault(); def != "" {
			usage += " (default " + strings.ReplaceAll(def, "`", "") + ")"
		}
		// pflag takes the word between back quotes as the placeholder.
		if !s.flagless {
			flags.String(s.flag(), "", fmt.Sprintf("`%s`: %s", s.placeholder, usage))
		}
		if s.secret {
			flags.String(s.flag()+"-file", "", fmt.Sprintf("`FILE` that holds %s", s.variable()))
		}
	}
}

// Load reads the settings from flags that AddFlags declared and that have been parsed, from the environment (as os.Environ has
// it), and from the file that one of them names. It returns everything that is wrong at once, as joined *InvalidError; an
// empty value counts as not given.
func Load(flags *pflag.FlagSet, environ []string) (Config, error) {
	known := map[string]bool{configKey: true}
	for _, s := range settings {
		known[s.key] = true
		if s.secret {
			known[s.fileKey()] = true
		}
	}
	byFlag, err := flagLayer(flags, known)
	if err != nil {
		return Config{}, err
	}
	byEnvironment, err := environmentLayer(environ, known)
	if err != nil {
		return Config{}, err
	}
	// From the weakest to the strongest.
	layers := []layer{byEnvironment, byFlag}
	var errs []error
	if path := firstOf(configKey, byFlag, byEnvironment); path != "" {
		byFile, wrong := fileLayer(path, known)
		errs = append(errs, wrong...)
		layers = slices.Insert(layers, 0, byFile)
	}

	values := koanf.New(delimiter)
	origins := map[string]string{}
	for _, l := range layers {
		errs = append(errs, l.readSecrets()...)
		for _, key := range l.Keys() {
			origins[key] = l.origin(key)
		}
		if err := values.Merge(l.Koanf); err != nil {
			return Config{}, fmt.Errorf("config: %w", err)
		}
	}

	var c Config
	broken := map[string]bool{}
	for _, s := range settings {
		value, origin := values.String(s.key), origins[s.key]
		if value == "" {
			origin = "the default of " + s.key
			if value, err = s.defaultValue(&c); err != nil {
				continue // Validate reports the setting as missing
			}
		}
		if err := s.set(&c, value); err != nil {
			errs = append(errs, &InvalidError{Key: s.key, Origin: origin, Err: err})
			broken[s.key] = true
		}
	}
	for _, e := range unjoin(c.Validate()) {
		var invalid *InvalidError
		if errors.As(e, &invalid) {
			// What could not even be read has been reported already.
			if broken[invalid.Key] {
				continue
			}
			if o := origins[invalid.Key]; o != "" {
				invalid.Origin = o
			}
		}
		errs = append(errs, e)
	}
	if len(errs) > 0 {
		return Config{}, errors.Join(errs...)
	}
	return c, nil
}

// delimiter separates the levels of nested keys, which there are none of; it only must not occur in a key.
const delimiter = "."

// A layer is what one source gives.
type layer struct {
	*koanf.Koanf
	// origin names a key as it is written in this source.
	origin func(key string) string
}

func flagLayer(flags *pflag.FlagSet, known map[string]bool) (layer, error) {
	l := layer{koanf.New(delimiter), func(key string) string { return "--" + strings.ReplaceAll(key, "_", "-") }}
	err := l.Load(posflag.ProviderWithFlag(flags, delimiter, l.Koanf, func(f *pflag.Flag) (string, any) {
		key := strings.ReplaceAll(f.Name, "-", "_")
		if !f.Changed || !known[key] || f.Value.String() == "" {
			return "", nil
		}
		return key, f.Value.String()
	}), nil)
	if err != nil {
		return l, fmt.Errorf("config: flags: %w", err)
	}
	return l, nil
}

func environmentLayer(environ []string, known map[string]bool) (layer, error) {
	l := layer{koanf.New(delimiter), func(key string) string { return environmentPrefix + strings.ToUpper(key) }}
	err := l.Load(env.Provider(delimiter, env.Opt{
		Prefix:      environmentPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key := strings.ToLower(strings.TrimPrefix(name, environmentPrefix))
			if !known[key] || value == "" {
				return "", nil
			}
			return key, value
		},
	}), nil)
	if err != nil {
		return l, fmt.Errorf("config: environment: %w", err)
	}
	return l, nil
}

func fileLayer(path string, known map[string]bool) (layer, []error) {
	l := layer{koanf.New(delimiter), func(key string) string { return key + " in " + path }}
	text, err := os.ReadFile(path)
	if err != nil {
		return l, []error{&InvalidError{Key: configKey, Origin: configKey, Err: err}}
	}
	read := koanf.New(delimiter)
	if err := read.Load(rawbytes.Provider(text), yaml.Parser()); err != nil {
		return l, []error{&InvalidError{Key: configKey, Origin: path, Err: err}}
	}
	var errs []error
	raw := read.Raw()
	for _, key := range sortedKeys(raw) {
		invalid := func(text string) {
			errs = append(errs, &InvalidError{Key: key, Origin: l.origin(key), Err: errors.New(text)})
		}
		if !known[key] || key == configKey {
			invalid("there is no such setting")
			continue
		}
		value, ok := scalarOrList(raw[key])
		switch {
		case !ok:
			invalid("must be a single value or a list of them")
		case value != "":
			if err := l.Set(key, value); err != nil {
				invalid(err.Error())
			}
		}
	}
	// A relative name in the file is meant from where the file is, not from where the server was started.
	for _, s := range settings {
		key := s.fileKey()
		if s.namesFile {
			key = s.key
		} else if !s.secret {
			continue
		}
		if name := l.String(key); name != "" && !filepath.IsAbs(name) {
			_ = l.Set(key, filepath.Join(filepath.Dir(path), name))
		}
	}
	return l, errs
}

// scalarOrList writes a YAML value as a variable would have it: a list is joined by commas.
func scalarOrList(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case map[string]any, map[any]any:
		return "", false
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			if _, nested := e.([]any); nested {
				return "", false
			}
			part, ok := scalarOrList(e)
			if !ok {
				return "", false
			}
			parts[i] = part
		}
		return strings.Join(parts, ","), true
	default:
		return fmt.Sprint(v), true
	}
}

// readSecrets puts the contents of files that <key>_file names in the place of their names, within this layer: so precedence
// between layers stays what it is, whichever way each one gives the secret.
func (l layer) readSecrets() []error {
	var errs []error
	for _, s := range settings {
		name := l.String(s.fileKey())
		if !s.secret || name == "" {
			continue
		}
		origin := l.origin(s.fileKey())
		both := l.Exists(s.key)
		l.Delete(s.fileKey())
		if both {
			errs = append(errs, &InvalidError{Key: s.key, Origin: origin, Err: fmt.Errorf("%s is given too; only one can be", l.origin(s.key))})
			continue
		}
		text, err := os.ReadFile(name)
		value := strings.TrimSpace(string(text))
		if err == nil && value == "" {
			err = fmt.Errorf("%s is empty", name)
		}
		if err != nil {
			errs = append(errs, &InvalidError{Key: s.key, Origin: origin, Err: err})
			continue
		}
		if err := l.Set(s.key, value); err != nil {
			errs = append(errs, &InvalidError{Key: s.key, Origin: origin, Err: err})
		}
	}
	return errs
}

func firstOf(key string, layers ...layer) string {
	for _, l := range layers {
		if v := l.String(key); v != "" {
			return v
		}
	}
	return ""
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

package config

import "testing"

func TestDefaultDataDir(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		env  map[string]string
		uid  int
		want string
	}{
		"systemd":               {map[string]string{"STATE_DIRECTORY": "/var/lib/x", "HOME": "/h"}, 0, "/var/lib/x"},
		"systemd, several":      {map[string]string{"STATE_DIRECTORY": "/var/lib/x:/var/lib/y"}, 1, "/var/lib/x"},
		"root":                  {map[string]string{"HOME": "/root", "XDG_STATE_HOME": "/s"}, 0, "/var/lib/demarc"},
		"XDG":                   {map[string]string{"HOME": "/h", "XDG_STATE_HOME": "/s"}, 1, "/s/demarc"},
		"a relative XDG is not": {map[string]string{"HOME": "/h", "XDG_STATE_HOME": "s"}, 1, "/h/.local/state/demarc"},
		"home":                  {map[string]string{"HOME": "/h"}, 1, "/h/.local/state/demarc"},
		"nothing":               {nil, 1, ""},
	} {
		got, err := defaultDataDir(func(k string) string { return v.env[k] }, v.uid)
		if got != v.want || (err != nil) != (v.want == "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, v.want)
		}
	}
}

package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

const value = "hunter2-correct-horse"

// leaks reports whether out has the value in one of the forms that fmt can give it.
func leaks(out string) bool {
	out = strings.ToLower(out)
	return strings.Contains(out, value) || strings.Contains(out, fmt.Sprintf("%x", value)) ||
		strings.Contains(strings.ReplaceAll(out, " ", ""), fmt.Sprintf("%x", value)) ||
		strings.Contains(out, strings.Trim(fmt.Sprintf("%d", []byte(value)), "[]"))
}

type holder struct {
	Name   string
	Secret secret.String
	hidden secret.String
	Far    *secret.String
	List   []secret.String
	Map    map[string]secret.String
}

func newHolder() holder {
	s := secret.New(value)
	return holder{Name: "visible", Secret: s, hidden: s, Far: &s, List: []secret.String{s}, Map: map[string]secret.String{"k": s}}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	if got := secret.New(value).Reveal(); got != value {
		t.Fatalf("got %q", got)
	}
	var zero secret.String
	if zero.Reveal() != "" || !zero.IsZero() || !secret.New("").IsZero() || secret.New(value).IsZero() {
		t.Fatal("the zero value is the empty secret")
	}
	if h := newHolder(); h.hidden.Reveal() != value {
		t.Fatal("a copy lost its value")
	}
}

func TestFormattingRedacts(t *testing.T) {
	t.Parallel()
	h := newHolder()
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "+q", "#q", "x", "X", "# x", "d", "c", "U", "b", "o", "20s", "-20v", "p", "e", "t"} {
		for name, v := range map[string]any{"secret": h.Secret, "pointer": h.Far, "struct": h, "pointer to struct": &h, "list": h.List, "map": h.Map} {
			out := fmt.Sprintf("%"+verb, v)
			if leaks(out) {
				t.Errorf("%%%s of %s leaks: %s", verb, name, out)
			}
		}
	}
	for name, out := range map[string]string{
		"String": h.Secret.String(), "GoString": h.Secret.GoString(), "Sprint": fmt.Sprint(h.Secret),
		"Sprintln": fmt.Sprintln(h), "error": fmt.Errorf("login with %v: %w", h.Secret, errors.New("refused")).Error(),
	} {
		if leaks(out) {
			t.Errorf("%s leaks: %s", name, out)
		}
	}
	if got := fmt.Sprintf("%s", h.Secret); got != secret.Redacted {
		t.Errorf("got %q", got)
	}
	if got := fmt.Sprintf("%s|%v", secret.String{}, secret.New("")); got != "|" {
		t.Errorf("an empty secret prints %q", got)
	}
}

func TestEncodingRedacts(t *testing.T) {
	t.Parallel()
	h := newHolder()
	out, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if leaks(string(out)) || strings.Count(string(out), secret.Redacted) != 4 {
		t.Errorf("JSON: %s", out)
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(struct{ S secret.String }{h.Secret}); err == nil || leaks(buf.String()) {
		t.Errorf("gob: %v, %q", err, buf.String())
	}
}

func TestLogRedacts(t *testing.T) {
	t.Parallel()
	h := newHolder()
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
	} {
		var buf bytes.Buffer
		slog.New(handler(&buf)).Info("m", "s", h.Secret, "p", h.Far, "h", h, slog.Group("g", "s", h.Secret))
		if leaks(buf.String()) || !strings.Contains(buf.String(), secret.Redacted) {
			t.Errorf("%s: %s", name, buf.String())
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var h holder
	if err := json.Unmarshal([]byte(`{"Secret": "`+value+`", "Far": null}`), &h); err != nil {
		t.Fatal(err)
	}
	if h.Secret.Reveal() != value {
		t.Errorf("got %q", h.Secret.Reveal())
	}
	out, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &h); err == nil {
		t.Error("a redacted secret was read back as a secret")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	a := secret.New(value)
	if !a.Equal(secret.New(strings.Clone(value))) || !(secret.String{}).Equal(secret.New("")) {
		t.Error("equal secrets differ")
	}
	if a.Equal(secret.New(value+"x")) || a.Equal(secret.String{}) || a.Equal(secret.New(strings.ToUpper(value))) {
		t.Error("different secrets are equal")
	}
}

func TestNeverStored(t *testing.T) {
	t.Parallel()
	if v, err := secret.New(value).Value(); err == nil || v != nil {
		t.Errorf("got %v, %v", v, err)
	}
}

// A Shown is for one answer; a log or an error that gets hold of it does not have the value.
func TestShownIsShownInJSONAlone(t *testing.T) {
	t.Parallel()
	shown := secret.Shown{String: secret.New(value)}
	b, err := json.Marshal(map[string]any{"token": &shown})
	if want := `{"token":"` + value + `"}`; err != nil || string(b) != want {
		t.Errorf("JSON is %s, want %s (%v)", b, want, err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).InfoContext(t.Context(), "made", "token", shown)
	for _, out := range []string{fmt.Sprintf("%v %+v %#v %x %s", shown, &shown, shown, shown, struct{ hidden secret.Shown }{shown}), log.String()} {
		if leaks(out) {
			t.Errorf("the value is in %s", out)
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIndenter(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	w := &indenter{to: &b, lineBegins: true}
	for _, part := range []string{"one\nt", "wo\n\n", "\nthree"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("Write(%q) = %d, %v", part, n, err)
		}
	}
	if got, want := b.String(), "  one\n  two\n  three"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A process id that has gone to another program must not be taken for the demo's server, and still less be killed.
func TestAliveKnowsItsOwn(t *testing.T) {
	t.Parallel()
	if alive(os.Getpid()) {
		t.Error("the test is taken for a server")
	}
}

func TestOpenToAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	closed := filepath.Join(dir, "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if openToAll(filepath.Join(closed, "data")) {
		t.Error("a folder below one of mode 0700 is open to nobody else")
	}
	if !openToAll("/tmp/data") {
		t.Error("a folder in /tmp is open to all")
	}
}

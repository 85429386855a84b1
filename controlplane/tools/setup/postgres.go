package main

import (
	"context"
	"path/filepath"
)

// postgres makes sure that the server programs of PostgreSQL are on the machine, where that is possible. It is no error if
// they are not: the control plane then fetches a private copy at its first start.
func postgres(ctx context.Context, _ string) error {
	if path := initdb(); path != "" {
		say("PostgreSQL: %s", filepath.Dir(path))
		return nil
	}
	if !mayInstallPackages() {
		say("PostgreSQL: not installed; the server will fetch a private copy when it first starts")
		return nil
	}
	say("PostgreSQL: installing the system's package")
	return installPackages(ctx, "postgresql")
}

// initdb returns the program that every PostgreSQL server comes with, or "".
func initdb() string {
	if paths := found("initdb", ""); len(paths) > 0 {
		return paths[0]
	}
	paths, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(paths) == 0 {
		return ""
	}
	return paths[len(paths)-1]
}

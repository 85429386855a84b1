package main

import (
	"context"
	"os"
	"path/filepath"
)

// openapi makes CACHE/openapi, with the programs of others that read the specification: its linters, and generators of clients. Node.js and Java
// come with them, in the versions that they are tested with.
func openapi(ctx context.Context, cache string) error {
	dir := filepath.Join(cache, "openapi")
	if err := environment(ctx, "OpenAPI", dir, filepath.Join("openapi", "requirements.txt")); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join("openapi", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	bin := filepath.Join(dir, "bin")
	return execute(ctx, dir, []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")},
		filepath.Join(bin, "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
}

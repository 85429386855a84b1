package cli

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/demarc/demarc/controlplane/client"
)

// Exit statuses.
const (
	ExitOK       = 0
	ExitError    = 1
	ExitUsage    = 2
	ExitNotFound = 3
	ExitConflict = 4 // 409 or 412: the request was right, and the present state of things is against it
)

// usageError is a command line that cannot be right.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// about says which of several objects an error is about.
func about(arg string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", arg, err)
}

func exitStatus(err error) int {
	var usage *usageError
	p := client.AsProblem(err)
	switch {
	case errors.As(err, &usage):
		return ExitUsage
	case client.IsNotFound(err):
		return ExitNotFound
	case p != nil && (p.Status == http.StatusConflict || p.Status == http.StatusPreconditionFailed):
		return ExitConflict
	}
	return ExitError
}

// fail shows an error and returns the exit status for it.
func (a *app) fail(err error) int {
	if errors.Is(err, errDenied) { // the answer says so
		return ExitError
	}
	var b strings.Builder
	p := client.AsProblem(err)
	if p == nil {
		fmt.Fprintf(&b, "Error: %s\n", lines(err.Error()))
	} else {
		// The problem's own text is one line; here each part of it gets one.
		fmt.Fprintf(&b, "Error: %s\n", lines(strings.Replace(err.Error(), p.Error(), p.Summary(), 1)))
		a.details(&b, p)
	}
	var usage *usageError
	if errors.As(err, &usage) && a.ran != nil {
		fmt.Fprintf(&b, "See: %s --help\n", a.ran.CommandPath())
	}
	fmt.Fprint(a.streams.Err, b.String())
	return exitStatus(err)
}

func (a *app) details(b *strings.Builder, p *client.Problem) {
	for _, e := range p.Errors {
		detail := e.Detail
		if detail == "" {
			detail = e.Code
		}
		fmt.Fprintf(b, "  %s: %s\n", printable(flagOf(a.ran, e.Pointer)), printable(detail))
	}
	for _, c := range p.Children {
		fmt.Fprintf(b, "  %s %s (%s)\n", printable(c.Kind), printable(c.Name), printable(c.ID))
	}
	if more := p.ChildrenTotal - len(p.Children); more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
	if p.ExistingID != "" {
		fmt.Fprintf(b, "it is %s\n", printable(p.ExistingID))
	}
	if p.OperationID != "" {
		fmt.Fprintf(b, "operation: %s\n", printable(p.OperationID))
	}
	switch {
	case p.Status == http.StatusUnauthorized && p.Detail == "":
		b.WriteString("the token is missing, wrong or expired\n")
	case p.CatalogVersion != "" && olderThan(p.CatalogVersion, a.catalog.Version):
		fmt.Fprintf(b, "the server's catalog is %s, this program's %s: the server may not know yet what was asked for\n",
			printable(p.CatalogVersion), a.catalog.Version)
	}
	if p.RequestID != "" {
		fmt.Fprintf(b, "request: %s\n", printable(p.RequestID))
	}
}

// olderThan compares versions MAJOR.MINOR; what is no version is not older.
func olderThan(a, b string) bool {
	parse := func(s string) (major, minor int, ok bool) {
		x, y, found := strings.Cut(s, ".")
		major, err1 := strconv.Atoi(x)
		minor, err2 := strconv.Atoi(y)
		return major, minor, found && err1 == nil && err2 == nil
	}
	aMajor, aMinor, ok1 := parse(a)
	bMajor, bMinor, ok2 := parse(b)
	return ok1 && ok2 && (aMajor < bMajor || aMajor == bMajor && aMinor < bMinor)
}

// lines keeps the line breaks of a message and nothing else that could steer the terminal.
func lines(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = printable(parts[i])
	}
	return strings.Join(parts, "\n")
}

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// ResolveError says that a name path does not stand for exactly one object.
type ResolveError struct {
	Kind string // what was looked for: customer, or customer or billing_entity
	Path string
	// Candidates are the objects that match, none or several.
	Candidates []Candidate
}

// Candidate is one of several objects that a name path matches.
type Candidate struct {
	Kind   string
	ID     string
	Name   string
	Parent string // id of what contains it, "" at the top level
}

func (e *ResolveError) Error() string {
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("no %s has the name path %q", e.Kind, e.Path)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d objects of kind %s match the name path %q; put more ancestors before it, or use an id:", len(e.Candidates), e.Kind, e.Path)
	for _, c := range e.Candidates {
		fmt.Fprintf(&b, " %s", c.ID)
		if c.Parent != "" {
			fmt.Fprintf(&b, " (in %s)", c.Parent)
		}
	}
	return b.String()
}

// IsID says whether s has the form of an id of the kind. Names have no underscore, so it is never a name path. The ids of
// a kind without a prefix may be anything.
func IsID(kind *catalog.Kind, s string) bool {
	if kind.Prefix == "" {
		return s != ""
	}
	suffix, ok := strings.CutPrefix(s, kind.Prefix+"_")
	return ok && suffix != "" && !strings.ContainsAny(suffix, "_/")
}

// Resolve returns the id that an id or a name path (acme/web/vm1) stands for. An id is returned as it is, whether
// such an object exists or not; a name path must match exactly one object, else the error is a *ResolveError.
func (c *Client) Resolve(ctx context.Context, kind *catalog.Kind, idOrPath string) (string, error) {
	return c.ResolveAny(ctx, []*catalog.Kind{kind}, idOrPath)
}

// ResolveAny is Resolve for what may be of several kinds: a name path must match exactly one object of all of them.
func (c *Client) ResolveAny(ctx context.Context, kinds []*catalog.Kind, idOrPath string) (string, error) {
	var names, ids []string
	lists := map[*catalog.Kind]string{}
	for _, kind := range kinds {
		if idOrPath != "" && IsID(kind, idOrPath) {
			return idOrPath, nil
		}
		names, ids = append(names, kind.Name), append(ids, kind.Prefix+"_…")
		if op, ok := kind.Operations["list"]; ok && kind.Named {
			lists[kind] = op.Path
		}
	}
	what := strings.Join(names, " or ")
	switch {
	case idOrPath == "":
		return "", fmt.Errorf("%s: neither an id nor a name path is given", what)
	case strings.Contains(idOrPath, "_"):
		return "", fmt.Errorf("%q is not an id of kind %s (%s)", idOrPath, what, strings.Join(ids, ", "))
	case len(lists) == 0:
		return "", fmt.Errorf("%q: objects of kind %s have no name: use an id (%s)", idOrPath, what, strings.Join(ids, ", "))
	}
	var found []Candidate
	for _, kind := range kinds {
		if lists[kind] == "" {
			continue
		}
		of, err := c.candidates(ctx, kind, lists[kind], idOrPath)
		if err != nil {
			return "", err
		}
		found = append(found, of...)
	}
	if len(found) != 1 {
		return "", &ResolveError{Kind: what, Path: idOrPath, Candidates: found}
	}
	return found[0].ID, nil
}

// maxCandidates is how many of the objects that a name path matches are named in an error.
const maxCandidates = 20

func (c *Client) candidates(ctx context.Context, kind *catalog.Kind, list, path string) ([]Candidate, error) {
	var found []Candidate
	for item, err := range c.List(ctx, list, url.Values{"path": {path}, "page_size": {strconv.Itoa(maxCandidates)}}) {
		if err != nil {
			return nil, fmt.Errorf("resolve %s %q: %w", kind.Name, path, err)
		}
		candidate, err := newCandidate(kind, item)
		if err != nil {
			return nil, err
		}
		if found = append(found, candidate); len(found) == maxCandidates {
			break
		}
	}
	return found, nil
}

func newCandidate(kind *catalog.Kind, item json.RawMessage) (Candidate, error) {
	var object map[string]any
	if err := json.Unmarshal(item, &object); err != nil {
		return Candidate{}, fmt.Errorf("list of %s: %w", kind.Plural, err)
	}
	c := Candidate{Kind: kind.Name}
	c.ID, _ = object["id"].(string)
	c.Name, _ = object["name"].(string)
	if kind.Parent != nil {
		c.Parent, _ = object[kind.Parent.Field].(string)
	}
	if c.ID == "" {
		return Candidate{}, fmt.Errorf("list of %s: an object has no id", kind.Plural)
	}
	return c, nil
}

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// ResolveError says that a name path does not stand for exactly one object.
type ResolveError struct {
	Kind string
	Path string
	// Candidates are the objects that match, none or several.
	Candidates []Candidate
}

// Candidate is one of several objects that a name path matches.
type Candidate struct {
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

// IsID says whether s has the form of an id of the kind. Names have no underscore, so it is never a name path.
func IsID(kind *catalog.Kind, s string) bool {
	suffix, ok := strings.CutPrefix(s, kind.Prefix+"_")
	return ok && suffix != "" && !strings.ContainsAny(suffix, "_/")
}

// Resolve returns the id that an id or a name path (acme/web/vm1) stands for. An id is returned as it is, whether
// such an object exists or not; a name path must match exactly one object, else the error is a *ResolveError.
func (c *Client) Resolve(ctx context.Context, kind *catalog.Kind, idOrPath string) (string, error) {
	switch {
	case idOrPath == "":
		return "", fmt.Errorf("%s: neither an id nor a name path is given", kind.Name)
	case IsID(kind, idOrPath):
		return idOrPath, nil
	case strings.Contains(idOrPath, "_"):
		return "", fmt.Errorf("%q is not an id of kind %s (%s_…)", idOrPath, kind.Name, kind.Prefix)
	case !kind.Named:
		return "", fmt.Errorf("%q: objects of kind %s have no name: use an id (%s_…)", idOrPath, kind.Name, kind.Prefix)
	}
	list, ok := kind.Operations["list"]
	if !ok {
		return "", fmt.Errorf("%q: objects of kind %s cannot be listed: use an id (%s_…)", idOrPath, kind.Name, kind.Prefix)
	}
	var found []Candidate
	for item, err := range c.List(ctx, list.Path, url.Values{"path": {idOrPath}, "page_size": {"20"}}) {
		if err != nil {
			return "", fmt.Errorf("resolve %s %q: %w", kind.Name, idOrPath, err)
		}
		candidate, err := newCandidate(kind, item)
		if err != nil {
			return "", err
		}
		if found = append(found, candidate); len(found) == 20 {
			break
		}
	}
	if len(found) != 1 {
		return "", &ResolveError{Kind: kind.Name, Path: idOrPath, Candidates: found}
	}
	return found[0].ID, nil
}

func newCandidate(kind *catalog.Kind, item json.RawMessage) (Candidate, error) {
	var object map[string]any
	if err := json.Unmarshal(item, &object); err != nil {
		return Candidate{}, fmt.Errorf("list of %s: %w", kind.Plural, err)
	}
	var c Candidate
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

package resource

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Bounds of a page.
const (
	DefaultPageSize = 50
	MaxPageSize     = 500
)

// ListQuery is what a list is asked for. Filters are the parameters of the kind's own, as they were sent.
type ListQuery struct {
	PageSize  int
	PageToken string
	OrderBy   string
	Label     string
	Q         string
	Path      string
	Filters   map[string]string
}

// Size is the number of rows of a page.
func (q ListQuery) Size() int {
	if q.PageSize <= 0 {
		return DefaultPageSize
	}
	return min(q.PageSize, MaxPageSize)
}

// fingerprint ties a page token to the parameters that it was made for.
func (q ListQuery) fingerprint() string {
	names := make([]string, 0, len(q.Filters))
	for n := range q.Filters {
		names = append(names, n)
	}
	sort.Strings(names)
	h := sha256.New()
	for _, part := range []string{q.OrderBy, q.Label, q.Q, q.Path} {
		h.Write([]byte(part + "\x00"))
	}
	for _, n := range names {
		h.Write([]byte(n + "=" + q.Filters[n] + "\x00"))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:9])
}

type pageToken struct {
	Fingerprint string   `json:"f"`
	After       []string `json:"a"`
}

// NextToken makes the token of the page after the row that has these values in the order's columns.
func NextToken(q ListQuery, after ...string) *string {
	b, _ := json.Marshal(pageToken{q.fingerprint(), after}) // strings alone: cannot fail
	s := base64.RawURLEncoding.EncodeToString(b)
	return &s
}

// After reads the query's page token: the values of the last row, nil on the first page.
func After(q ListQuery, columns int) ([]string, error) {
	if q.PageToken == "" {
		return nil, nil
	}
	var t pageToken
	b, err := base64.RawURLEncoding.DecodeString(q.PageToken)
	if err == nil {
		err = json.Unmarshal(b, &t)
	}
	// The character that is refused is in no column.
	if err != nil || len(t.After) != columns || t.Fingerprint != q.fingerprint() || strings.ContainsRune(strings.Join(t.After, ""), 0) {
		return nil, wrongToken()
	}
	return t.After, nil
}

func wrongToken() error {
	return fault.Parameter("page_token", "invalid_parameter", "is not one that this list gave for the same parameters")
}

// requirement is one part of a label selector.
type requirement struct {
	key, value string
	op         string // = != exists absent
}

// condition is the requirement as SQL. Only = and exists are found by the index on labels.
func (r requirement) condition() clause.Expression {
	switch r.op {
	case "=":
		return clause.Expr{SQL: "labels @> jsonb_build_object(?::text, ?::text)", Vars: []any{r.key, r.value}}
	case "!=":
		return clause.Expr{SQL: "(labels ->> ?) IS DISTINCT FROM ?", Vars: []any{r.key, r.value}}
	case "exists":
		return labelled{r.key}
	}
	return clause.Not(labelled{r.key})
}

var labelKey = regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)

// parseSelector reads "env=prod,tier!=db,owner,!legacy".
func parseSelector(s string) ([]requirement, error) {
	if s == "" {
		return nil, nil
	}
	var out []requirement
	for _, part := range strings.Split(s, ",") {
		part = strings.TrimSpace(part)
		var r requirement
		if key, value, ok := strings.Cut(part, "!="); ok {
			r = requirement{key, value, "!="}
		} else if key, value, ok := strings.Cut(part, "="); ok {
			r = requirement{key, strings.TrimPrefix(value, "="), "="}
		} else if key, ok := strings.CutPrefix(part, "!"); ok {
			r = requirement{key: key, op: "absent"}
		} else {
			r = requirement{key: part, op: "exists"}
		}
		r.key, r.value = strings.TrimSpace(r.key), strings.TrimSpace(r.value)
		if !labelKey.MatchString(r.key) {
			return nil, fault.Parameter("label", "invalid_parameter", "has a part that is not key, !key, key=value or key!=value")
		}
		out = append(out, r)
	}
	return out, nil
}

// labelled is a condition on rows that have a label of that key. It is written with the operator, which the index on labels knows and a
// function does not; the operator is a question mark, which gorm would take for a parameter.
type labelled struct{ key string }

// Build implements clause.Expression.
func (l labelled) Build(b clause.Builder) {
	_, _ = b.WriteString("labels ? ") // never fails
	b.AddVar(b, l.key)
}

// ValidateLabels reports every key that cannot be selected by.
func ValidateLabels(labels map[string]string) []fault.Field {
	var out []fault.Field
	for k, v := range labels {
		pointer := fault.Pointer("labels", k)
		if len(k) > 128 || !labelKey.MatchString(k) {
			out = append(out, fault.Field{Pointer: pointer, Code: "pattern", Detail: "a key is letters, digits, '.', '_' and '-', with an optional lower-case prefix and '/'"})
		}
		if len(v) > 255 {
			out = append(out, fault.Field{Pointer: pointer, Code: "max_length", Detail: "must be at most 255 characters long"})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Pointer < out[j].Pointer })
	return out
}

// maxPath is how many names a path has at most: each is a query within that of the name before it.
const maxPath = 16

// pathSegments splits a name path; every segment is a name.
func pathSegments(path string) ([]string, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) > maxPath {
		return nil, fault.Parameter("path", "invalid_parameter", fmt.Sprintf("has at most %d names", maxPath))
	}
	for _, p := range parts {
		if p == "" {
			return nil, fault.Parameter("path", "invalid_parameter", "is not names with slashes between them")
		}
	}
	return parts, nil
}

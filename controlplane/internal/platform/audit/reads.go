package audit

import (
	"fmt"
	"path"
)

// Reads says which operations are on record although they change nothing. The zero value: none.
type Reads struct{ patterns []string }

// NewReads takes patterns of operation ids in the form of path.Match: api_tokens.*, *.list, *.
func NewReads(patterns []string) (Reads, error) {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return Reads{}, fmt.Errorf("%q is not a pattern of operation ids such as api_tokens.*", p)
		}
	}
	return Reads{patterns}, nil
}

// Match says whether an operation is among them.
func (r Reads) Match(opID string) bool {
	for _, p := range r.patterns {
		if ok, err := path.Match(p, opID); ok && err == nil {
			return true
		}
	}
	return false
}

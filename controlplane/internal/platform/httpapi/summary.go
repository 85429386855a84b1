package httpapi

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
)

// Summary is what is on record of an operation that changes or reads many things in one request: one record, and not one for each of them.
type Summary struct {
	// Counts are how many there were, by what they are: machines, records.
	Counts map[string]int64 `json:"counts"`
	// Scope is the id of what they are all in; empty where that is the operation's object, or nothing.
	Scope string `json:"scope,omitempty"`
	// Bytes of a body that streamed, as far as it came. The server counts them.
	Bytes int64 `json:"bytes,omitempty"`
}

// said is where a handler leaves its summary, if it has one.
type said struct{ summary *Summary }

type saidKey struct{}

// Summarize says what is to be on record of the request that ctx is of, in the place of what it answers. The last word counts: a handler whose
// parts are committed one by one says it after each, so that what was done before a failure is on record with the failure.
func Summarize(ctx context.Context, s Summary) {
	if of, ok := ctx.Value(saidKey{}).(*said); ok {
		of.summary = &s
	}
}

// summarize puts the summary into a record, if the handler has said one.
func (s *Server) summarize(ctx context.Context, at *attempt, r *audit.Record) error {
	if at.said.summary == nil {
		return nil
	}
	var err error
	if r.New, err = json.Marshal(map[string]any{"summary": at.said.summary}); err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	r.Old = nil
	if at.said.summary.Scope == "" || r.TargetID != "" {
		return nil
	}
	where, found, err := s.Locator.Locate(ctx, at.said.summary.Scope)
	if found {
		r.TargetID, r.BillingEntityID, r.CustomerID = at.said.summary.Scope, where.BillingEntityID, where.CustomerID
	}
	return err
}

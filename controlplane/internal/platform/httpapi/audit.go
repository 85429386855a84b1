package httpapi

// What is on record of a request: every change, in its transaction; every attempt at one that was denied or failed; reads where the setting
// says so.

import (
	"context"
	"encoding/json"

	"github.com/gin-gonic/gin"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

// attempt is a request as it is known so far.
type attempt struct {
	c        *gin.Context
	op       *Op
	caller   *authz.Caller // nil until it is known
	target   string        // id of the object, empty until there is one
	decision authz.Decision
	denied   bool
	admitted bool // counts in its caller's limits
	dryRun   bool
	// unseen are the fields of what it is about that the caller may not see.
	unseen []visibility.Rule
	// changed is closed when what the caller may do can have changed since.
	changed <-chan struct{}
	said    *said
}

// Masked is an answer that holds a secret: what is on record is this instead.
type Masked interface{ Masked() any }

func (s *Server) recordOf(ctx context.Context, at *attempt) audit.Record {
	principal := authn.From(ctx)
	r := audit.Record{
		PrincipalID: principal.ID, PrincipalKind: principal.Kind, TokenID: principal.TokenID, OpID: at.op.ID, TargetKind: at.op.Kind, TargetID: at.target,
		BillingEntityID: at.decision.Target.BillingEntityID, CustomerID: at.decision.Target.CustomerID, Outcome: audit.Succeeded,
		RequestID: requestid.From(ctx), RemoteAddr: at.c.ClientIP(), UserAgent: at.c.Request.UserAgent(),
	}
	if !principal.Known() {
		r.PrincipalKind = anonymous
	}
	if b := at.decision.Binding; b != nil {
		r.BindingID = b.ID
	}
	return r
}

// anonymous is the kind of whoever did not say who they are.
const anonymous = "anonymous"

// recordChange writes the record of a change into its transaction.
func (s *Server) recordChange(ctx context.Context, at *attempt, before []byte, out any, a answer) error {
	r := s.recordOf(ctx, at)
	r.Old, r.New = before, a.Body
	if m, ok := out.(Masked); ok {
		b, err := json.Marshal(m.Masked())
		if err != nil {
			return err
		}
		r.New = b
	}
	if err := s.summarize(ctx, at, &r); err != nil {
		return err
	}
	if at.said.summary == nil && r.TargetID == "" && len(a.Body) > 0 {
		var made struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(a.Body, &made); err != nil {
			return err
		}
		r.TargetID = made.ID
		where, found, err := s.Locator.Locate(ctx, made.ID)
		if err != nil {
			return err
		}
		if found {
			r.BillingEntityID, r.CustomerID = where.BillingEntityID, where.CustomerID
		}
	}
	return s.Audit.Write(ctx, r)
}

// recordRead writes the record of a read.
func (s *Server) recordRead(ctx context.Context, at *attempt) error {
	r := s.recordOf(ctx, at)
	if err := s.summarize(ctx, at, &r); err != nil {
		return err
	}
	if at.target != "" {
		where, found, err := s.Locator.Locate(ctx, at.target)
		if err != nil {
			return err
		}
		if found {
			r.BillingEntityID, r.CustomerID = where.BillingEntityID, where.CustomerID
			if b := at.caller.Through(at.op.Permission, where); b != nil {
				r.BindingID = b.ID
			}
		}
	}
	return s.Audit.Attempt(ctx, r)
}

// refused answers a request with an error. What would have changed something is on record; so is a read that was denied, where reads are.
func (s *Server) refused(ctx context.Context, at *attempt, err error) int {
	err = visibility.Censored(at.unseen, err)
	f := fault.As(err)
	limited := f != nil && f.Kind == fault.RateLimited
	if !limited && (at.op.Mutates && (at.denied || !at.dryRun) || s.readOnRecord(at.op)) {
		r := s.recordOf(ctx, at)
		r.Outcome, r.Code = audit.Failed, "internal"
		if f != nil {
			r.Code = f.Code
		}
		if at.denied || f != nil && f.Kind == fault.Forbidden {
			r.Outcome = audit.Denied
		}
		if at.op.streams() { // what was committed before it failed stays
			if serr := s.summarize(ctx, at, &r); serr != nil {
				s.log.ErrorContext(ctx, "a summary is not on record", "error", serr)
			}
		}
		// The client may have gone: what it tried is on record all the same.
		if werr := s.Audit.Attempt(context.WithoutCancel(ctx), r); werr != nil {
			s.log.ErrorContext(ctx, "an attempt is not on record", "error", werr)
		}
	}
	return s.refuse(at.c, err)
}

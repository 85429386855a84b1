package authz

import (
	"context"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
)

// Channel is where nodes tell each other that somebody's access is another now.
const Channel = "access"

// Request is what is to be decided.
type Request struct {
	Permission string
	// ObjectID is the object that it is about; empty at create and list.
	ObjectID string
	// See is the permission without which the object does not exist for the caller; empty where Permission is that one, and the query
	// itself decides.
	See string
	// Parent: something is to be made in ParentID, which stands at ParentPointer of the body; empty means the root billing entity.
	// SeeParent is as See.
	Parent        bool
	ParentID      string
	ParentKind    string
	ParentPointer string
	SeeParent     string
	// Platform: the permission is asked for on the platform itself.
	Platform bool
}

// Decision is what was allowed.
type Decision struct {
	Access Access
	// Target is where the object, or the parent of a new one, stands; empty where nothing was looked up.
	Target Chain
	// Binding is the one that allowed it; nil where each row decides.
	Binding *Binding
}

// Locator knows where objects stand. It asks as the control plane itself.
type Locator interface {
	// Locate returns where the object stands; found is false where there is none. The platform and its id are known to it.
	Locate(ctx context.Context, id string) (at Chain, found bool, err error)
	// Visible says whether an object is among what the access lets one see, shared ones included.
	Visible(ctx context.Context, id string, a Access) (bool, error)
}

// Evaluator decides. It keeps what it read until a notification says that something of it has changed.
type Evaluator struct {
	sources Sources
	clock   clock.Clock
	locator Locator
	group   *notified.Group
	callers *notified.Cache[*Caller]
	trees   *notified.Cache[*tree]
}

// NewEvaluator returns an evaluator; group is that of Channel. It fails if something is missing that it would need at the first request.
func NewEvaluator(s Sources, clk clock.Clock, locator Locator, group *notified.Group) (*Evaluator, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &Evaluator{sources: s, clock: clk, locator: locator, group: group,
		callers: notified.NewCache[*Caller](group), trees: notified.NewCache[*tree](group)}, nil
}

// Group is that of the caches which are dropped when somebody's access changes.
func (e *Evaluator) Group() *notified.Group { return e.group }

// Changed says, in the transaction of the change, that somebody's access is another once it is committed.
func (e *Evaluator) Changed(ctx context.Context) error { return e.group.Changed(ctx) }

// Caller returns the principal with what it may do at present.
func (e *Evaluator) Caller(ctx context.Context, p authn.Principal) (*Caller, error) {
	key := strings.Join(append([]string{p.Kind, p.ID, p.TokenID}, p.Groups...), "\x00")
	return e.callers.Get(ctx, key, func(ctx context.Context) (caller *Caller, err error) {
		err = e.sources.AtOneMoment(ctx, func(ctx context.Context) error {
			caller, err = e.caller(ctx, p)
			return err
		})
		return caller, err
	})
}

// caller reads what a principal may do.
func (e *Evaluator) caller(ctx context.Context, p authn.Principal) (*Caller, error) {
	t, err := e.tree(ctx)
	if err != nil {
		return nil, err
	}
	bound, err := e.sources.Bindings.Held(ctx, p)
	if err != nil {
		return nil, err
	}
	held, err := e.sources.holders(ctx, bound)
	if err != nil {
		return nil, err
	}
	bindings := make([]Binding, len(held))
	for i := range held {
		bindings[i] = held[i].Binding
	}
	var scope *Chain
	if p.ScopeID != "" {
		at, found, err := e.locator.Locate(ctx, p.ScopeID)
		if err != nil {
			return nil, err
		}
		if !found {
			bindings = nil // the scope of the credential is gone: there is nothing left that it is for
		}
		scope = &at
	}
	return newCaller(p, bindings, scope, t, e.sources.Permissions().Reads, e.clock.Now), nil
}

func (e *Evaluator) tree(ctx context.Context) (*tree, error) {
	return e.trees.Get(ctx, "", func(ctx context.Context) (*tree, error) {
		parents, err := e.sources.BillingEntities.Parents(ctx)
		if err != nil {
			return nil, err
		}
		return newTree(parents), nil
	})
}

// Authorize decides a request: it is refused as if the object did not exist where the caller may not see it, and as forbidden where the caller
// may see it and not do this.
func (e *Evaluator) Authorize(ctx context.Context, caller *Caller, r Request) (Decision, error) {
	d := Decision{Access: caller.Access(r.Permission)}
	var missing error = fault.NotFoundError()
	id, see := r.ObjectID, r.See
	switch {
	case r.Parent:
		id, see = r.ParentID, r.SeeParent
		missing = fault.MissingReference(r.ParentPointer, r.ParentKind)
		if id == "" {
			t, err := e.tree(ctx)
			if err != nil {
				return d, err
			}
			id = t.root
		}
	case r.Platform:
		id = Platform
	case r.See == "":
		if r.ObjectID != "" && d.Access.Nothing() {
			return d, missing
		}
		return d, nil
	}
	at, found, err := e.locator.Locate(ctx, id)
	if err != nil {
		return d, err
	}
	d.Target = at
	if found && d.Access.Covers(at) {
		d.Binding = caller.Through(r.Permission, at)
		return d, nil
	}
	// The platform itself is no secret. Everything else is looked at in the same way whether or not there is such an object.
	visible := id == Platform || r.Parent && r.ParentID == ""
	if !visible {
		if visible, err = e.locator.Visible(ctx, id, caller.Access(see)); err != nil {
			return d, err
		}
	}
	if !visible {
		return d, missing
	}
	return d, forbidden(caller, r, at)
}

func forbidden(c *Caller, r Request, at Chain) error {
	f := &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Detail: "this needs the permission " + r.Permission + " here"}
	for i := range c.Bindings {
		b := &c.Bindings[i]
		if b.Withheld[r.Permission] && c.tree.in(at, b.Scope) {
			f = &fault.Error{Kind: fault.Forbidden, Code: "customer_suspended",
				Detail: "the customer is suspended: until that ends its principals can read and pay, and nothing else"}
		}
	}
	if r.Parent && r.ParentID == "" {
		f.Detail += ": name in " + strings.TrimPrefix(r.ParentPointer, "/") + " where it is to be made"
	}
	return f
}

// Located returns where an object stands, of those that the caller may see with the permission.
func (e *Evaluator) Located(ctx context.Context, id, see string) (Chain, bool, error) {
	at, found, err := e.locator.Locate(ctx, id)
	c := CallerOf(ctx)
	if err != nil || c == nil || found && (id == Platform || c.Access(see).Covers(at)) {
		return at, found, err
	}
	// Whether or not there is such an object, it is looked at in the same way.
	visible, err := e.locator.Visible(ctx, id, c.Access(see))
	return at, visible, err
}

// Binders returns the bindings in every scope that an object stands in: who may do something here.
func (e *Evaluator) Binders(ctx context.Context, object Chain) ([]Holder, error) {
	t, err := e.tree(ctx)
	if err != nil {
		return nil, err
	}
	scopes := append([]string{Platform, object.ID}, object.Others...)
	scopes = append(scopes, t.lineage(object.BillingEntityID)...)
	if object.CustomerID != "" {
		scopes = append(scopes, object.CustomerID)
	}
	var out []Holder
	return out, e.sources.AtOneMoment(ctx, func(ctx context.Context) error {
		bound, err := e.sources.Bindings.In(ctx, scopes)
		if err == nil {
			out, err = e.sources.holders(ctx, bound)
		}
		return err
	})
}

// BindingsOf returns a principal with all that is bound for it, whatever its credential is limited to.
func (e *Evaluator) BindingsOf(ctx context.Context, p authn.Principal) (*Caller, error) {
	p.ScopeID, p.Permissions, p.TokenID = "", nil, ""
	return e.Caller(ctx, p)
}

// Lineage returns a billing entity and those above it, from itself upward.
func (e *Evaluator) Lineage(ctx context.Context, billingEntityID string) ([]string, error) {
	t, err := e.tree(ctx)
	if err != nil {
		return nil, err
	}
	return t.lineage(billingEntityID), nil
}

package httpapi

// Fields that only some may see: who names one must be able to see it, and every answer leaves out what its reader may not see.

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

// fields are those of all kinds that only some may see.
type fields struct {
	kinds    *resource.Registry
	renderer *visibility.Renderer
	bodies   map[string][]visibility.Rule // by operation
}

// newFields panics where something would be shown that nobody knows to leave out, which is a defect of the program.
func newFields(deps Deps, ops []Op) *fields {
	f := &fields{kinds: deps.Kinds, bodies: map[string][]visibility.Rule{}}
	reads := map[string]visibility.Kind{}
	for _, op := range ops {
		k := reads[op.Kind]
		k.Name = op.Kind
		k.Works = k.Works || op.Async
		if op.Verb == Get && op.Kind != "" {
			k.ID, k.Reads = "id", op.Handle.Answers()
			if kind, ok := deps.Kinds.Kind(op.Kind); ok && kind.Singleton {
				k.ID = kind.Key[0]
			}
		}
		reads[op.Kind] = k
	}
	var kinds []visibility.Kind
	for _, k := range reads {
		if k.Reads != nil {
			kinds = append(kinds, k)
		}
	}
	for _, op := range ops {
		out := op.Handle.Answers()
		f.bodies[op.ID] = visibility.RulesOf(op.Handle.Takes())
		if op.Mutates && out != reads[op.Kind].Reads && len(visibility.RulesOf(out)) > 0 {
			panic(fmt.Sprintf("operation %s: answers, and so has on record, %s, which has fields that only some may see and is not what is read of its kind", op.ID, out))
		}
	}
	f.renderer = visibility.New(deps.Locator, kinds)
	return f
}

// admit refuses a request that names what its sender may not see, and returns the fields of what it is about that are hidden from them.
func (f *fields) admit(at *attempt, cl *call) ([]visibility.Rule, error) {
	rules := f.renderer.Rules(cl.op.Kind)
	if cl.op.Verb == List && len(rules) > 0 {
		kind, _ := f.kinds.Kind(cl.op.Kind)
		return nil, visibility.Selected(rules, at.caller, cl.op.Permission, kind.Shared != nil, func(field string) string {
			if strings.TrimPrefix(cl.query.Get("order_by"), "-") == field {
				return "order_by"
			}
			for _, filter := range f.kinds.Filters(kind) {
				if filter.Name != field && filter.Column != field {
					continue
				}
				for _, p := range filter.Parameters() {
					if cl.query.Has(p.Name) {
						return p.Name
					}
				}
			}
			return ""
		})
	}
	sent := f.bodies[cl.op.ID]
	if len(rules)+len(sent) == 0 || !cl.op.Mutates {
		return nil, nil
	}
	// Where something is made, it is a matter of where that is allowed.
	where := at.decision.Target
	if len(cl.body) > 0 && len(sent) > 0 {
		var body any
		if err := json.Unmarshal(cl.body, &body); err != nil {
			return nil, err // it has been read before
		}
		if err := visibility.Named(visibility.Unseen(sent, at.caller, where), body); err != nil {
			at.denied = true
			return nil, err
		}
	}
	return visibility.Unseen(rules, at.caller, where), nil
}

// shown is an answer as the caller of the context may see it.
func (f *fields) shown(ctx context.Context, op *Op, a answer) (answer, error) {
	var err error
	a.Body, err = f.renderer.Answer(ctx, op.Handle.Answers(), a.Body)
	return a, err
}

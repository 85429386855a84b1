package visibility

import (
	"slices"
	"sort"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Code is that of a wrong field which is named by somebody who may not see it.
const Code = "hidden"

// Unseen are those of the rules that hide something of an object that stands there from the caller. Nothing is hidden from the control
// plane itself, a nil caller.
func Unseen(rules []Rule, caller *authz.Caller, at authz.Chain) []Rule {
	if caller == nil {
		return nil
	}
	var out []Rule
	for _, r := range rules {
		if !caller.Access(r.Permission).Covers(at) {
			out = append(out, r)
		}
	}
	return out
}

// Named refuses a body that names a field which its sender may not see, whatever it has for it, null too. What contains such a field, an
// entry of a map, can be removed without a word about what is in it, as the object itself can.
func Named(unseen []Rule, body any) error {
	var wrong []fault.Field
	for _, r := range unseen {
		visit(body, r.Path, "", func(pointer string, of map[string]any, name string) {
			if _, named := of[name]; named && !r.former {
				wrong = append(wrong, fault.Field{Pointer: pointer, Code: Code, Detail: refusal(r.Permission)})
			}
		})
	}
	return forbidden(wrong)
}

// Selected refuses a parameter of a list by which rows would be selected, or sorted, that their reader may not see the field of.
func Selected(rules []Rule, caller *authz.Caller, list string, shared bool, parameters func(field string) (parameter string)) error {
	var wrong []fault.Field
	for _, r := range rules {
		parameter := parameters(r.Name())
		if parameter == "" || caller == nil {
			continue
		}
		if a := caller.Access(r.Permission); a.All || !shared && caller.Everywhere(list, r.Permission) {
			continue
		}
		wrong = append(wrong, fault.Field{Pointer: parameter, Code: Code,
			Detail: "only who has the permission " + r.Permission + " on all that the list may show can select by it"})
	}
	return forbidden(wrong)
}

func forbidden(wrong []fault.Field) error {
	if len(wrong) == 0 {
		return nil
	}
	sort.Slice(wrong, func(i, j int) bool { return wrong[i].Pointer < wrong[j].Pointer })
	pointers := make([]string, len(wrong))
	for i := range wrong {
		pointers[i] = wrong[i].Pointer
	}
	return &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Fields: wrong, Detail: "only some may see " + strings.Join(pointers, ", ")}
}

// Censored is an error without what it says of fields that the caller may not see: they are none that the caller has sent.
func Censored(unseen []Rule, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Invalid || len(unseen) == 0 {
		return err
	}
	told := slices.DeleteFunc(slices.Clone(f.Fields), func(field fault.Field) bool {
		return slices.ContainsFunc(unseen, func(r Rule) bool { return r.leadsTo(field.Pointer) })
	})
	switch {
	case len(told) == len(f.Fields):
		return err
	case len(told) == 0:
		return fault.Invalidf("", "conflict", "it does not go with what only some may see of it")
	}
	return fault.InvalidFields(told...)
}

// leadsTo says whether a pointer is to the field, or to something in it.
func (r Rule) leadsTo(pointer string) bool {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if len(steps) < len(r.Path) {
		return false
	}
	for i, step := range r.Path {
		if step != each && fault.Pointer(step) != "/"+steps[i] {
			return false
		}
	}
	return true
}

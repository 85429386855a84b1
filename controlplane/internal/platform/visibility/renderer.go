package visibility

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"sync"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
)

// Withheld stands for words about an object, for who does not see all of it.
const Withheld = "why is told to those who may see all fields of the object"

// Tags of fields that are about an object of any kind, which others have made. The value is the name of the field beside them, in the
// same struct, that has the object's kind.
const (
	// copiesTag: the field has the object, as it is or was.
	copiesTag = "copies"
	// quotesTag: the field has words about the object which target_kind and target_id of the answer name.
	quotesTag = "quotes"
)

// Locator knows where objects stand.
type Locator interface {
	// LocateAll returns where those of the objects stand that there are.
	LocateAll(ctx context.Context, ids []string) (map[string]authz.Chain, error)
}

// Kind is what a Renderer has to know of a kind.
type Kind struct {
	Name string
	// ID is the field with what its objects are addressed by.
	ID string
	// Reads is the type of what is read of an object.
	Reads reflect.Type
	// Works: its objects say why an operation on them has failed.
	Works bool
}

// Renderer makes of what is known what a caller may see of it.
type Renderer struct {
	locator Locator
	kinds   map[string]*hiding
	types   map[reflect.Type]*hiding
	shapes  sync.Map // of types, once something of them was answered
}

// hiding is a kind with fields that only some may see.
type hiding struct {
	Kind
	rules []Rule
}

// New returns a renderer of objects of these kinds.
func New(locator Locator, kinds []Kind) *Renderer {
	r := &Renderer{locator: locator, kinds: map[string]*hiding{}, types: map[reflect.Type]*hiding{}}
	for _, k := range kinds {
		if rules := RulesOf(k.Reads); len(rules) > 0 {
			h := &hiding{k, rules}
			r.kinds[k.Name], r.types[k.Reads] = h, h
		}
	}
	return r
}

// shape is that of a type, nil if nothing in its values is to be rendered.
func (r *Renderer) shape(t reflect.Type) *shape {
	if t == nil || len(r.kinds) == 0 {
		return nil
	}
	known, ok := r.shapes.Load(t)
	if !ok {
		known, _ = r.shapes.LoadOrStore(t, r.shapeOf(t, nil))
	}
	return known.(*shape)
}

// Rules are the fields of a kind that only some may see.
func (r *Renderer) Rules(kind string) []Rule {
	if h := r.kinds[kind]; h != nil {
		return h.rules
	}
	return nil
}

// shape is where objects, and words about them, are in values of a type.
type shape struct {
	object *hiding           // the value is one
	copies string            // the value is an object of the kind that the member of that name beside it says
	quotes bool              // the value is words about the answer's target
	fields map[string]*shape // by name
	each   *shape            // entries or items
}

// shapeOf is nil for a type that has nothing of the kind.
func (r *Renderer) shapeOf(t reflect.Type, within []reflect.Type) *shape {
	switch t.Kind() {
	case reflect.Pointer:
		return r.shapeOf(t.Elem(), within)
	case reflect.Map, reflect.Slice:
		if of := r.shapeOf(t.Elem(), within); of != nil {
			return &shape{each: of}
		}
		return nil
	case reflect.Struct:
	default:
		return nil
	}
	if slices.Contains(within, t) {
		return nil
	}
	within = append(slices.Clone(within), t)
	s := &shape{object: r.types[t], fields: map[string]*shape{}}
	for _, f := range fieldsOf(t) {
		switch {
		case f.Tag.Get(copiesTag) != "":
			s.fields[f.name] = &shape{copies: f.Tag.Get(copiesTag)}
		case f.Tag.Get(quotesTag) != "":
			s.fields[f.name] = &shape{quotes: true}
		default:
			if of := r.shapeOf(f.Type, within); of != nil {
				s.fields[f.name] = of
			}
		}
	}
	if s.object == nil && len(s.fields) == 0 {
		return nil
	}
	return s
}

// Known says whether it can be told of values of a type what they hold: of what is any value, or JSON as it is, nobody can.
func Known(t reflect.Type) bool { return t != nil && known(t, nil) }

func known(t reflect.Type, within []reflect.Type) bool {
	if t == reflect.TypeFor[json.RawMessage]() {
		return false
	}
	switch t.Kind() {
	case reflect.Interface:
		return false
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array:
		return known(t.Elem(), within)
	case reflect.Struct:
		if slices.Contains(within, t) {
			return true
		}
		within = append(slices.Clone(within), t)
		for _, f := range fieldsOf(t) {
			if f.Tag.Get(copiesTag) == "" && !known(f.Type, within) {
				return false
			}
		}
	}
	return true
}

// mention is an object in an answer, or one that words in it are about.
type mention struct {
	kind   *hiding
	id     string
	object map[string]any // nil where there are words alone
	// words are members with words about it, by what they are members of.
	words map[string]any
	word  string
	// stood is where it stood when it was written about, for one that is gone.
	stood authz.Chain
}

// Answer renders an answer of that type for the caller of the context.
func (r *Renderer) Answer(ctx context.Context, t reflect.Type, body []byte) ([]byte, error) {
	s := r.shape(t)
	if s == nil || len(body) == 0 {
		return body, nil
	}
	return r.render(ctx, authz.CallerOf(ctx), body, func(doc map[string]any) []mention {
		var found []mention
		collect(r, s, doc, doc, doc, &found)
		return found
	})
}

// Object renders one object of a kind for a caller, who need not be that of the context: what becomes known of an object outside of answers
// to requests passes here. stood is where it stood, for one that is not there any more.
func (r *Renderer) Object(ctx context.Context, caller *authz.Caller, kind string, stood authz.Chain, body []byte) ([]byte, error) {
	h := r.kinds[kind]
	if h == nil || len(body) == 0 {
		return body, nil
	}
	return r.render(ctx, caller, body, func(doc map[string]any) []mention { return []mention{h.in(doc, stood)} })
}

func (r *Renderer) render(ctx context.Context, caller *authz.Caller, body []byte, find func(doc map[string]any) []mention) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	found := find(doc)
	if len(found) == 0 {
		return body, nil
	}
	places, err := r.places(ctx, caller, found)
	if err != nil {
		return nil, err
	}
	for i := range found {
		found[i].hide(caller, places)
	}
	return json.Marshal(doc)
}

// collect finds what the shape says is in a value. of is what the value is a member of, answer the whole.
func collect(r *Renderer, s *shape, value any, of, answer map[string]any, found *[]mention) {
	if list, ok := value.([]any); ok && s.each != nil {
		for i := range list {
			item, _ := list[i].(map[string]any)
			collect(r, s.each, item, item, item, found)
		}
		return
	}
	doc, ok := value.(map[string]any)
	if !ok {
		return
	}
	if s.copies != "" {
		kind, _ := of[s.copies].(string)
		if h := r.kinds[kind]; h != nil && doc[h.ID] != nil { // what has no id is a summary
			*found = append(*found, h.in(doc, stood(of, "")))
		}
		return
	}
	if s.object != nil {
		*found = append(*found, s.object.in(doc, authz.Chain{}))
	}
	if s.each != nil {
		for name := range doc {
			collect(r, s.each, doc[name], doc, answer, found)
		}
	}
	for name, inner := range s.fields {
		if !inner.quotes {
			collect(r, inner, doc[name], doc, answer, found)
			continue
		}
		kind, _ := answer["target_kind"].(string)
		id, _ := answer["target_id"].(string)
		if h := r.kinds[kind]; h != nil {
			*found = append(*found, mention{kind: h, id: id, words: doc, word: name, stood: stood(answer, id)})
		}
	}
}

// stood is where an object stands by what an answer about it says.
func stood(answer map[string]any, id string) authz.Chain {
	text := func(name string) string { s, _ := answer[name].(string); return s }
	if id == "" {
		id = text("target_id")
	}
	return authz.Chain{ID: id, BillingEntityID: text("billing_entity_id"), CustomerID: text("customer_id")}
}

// in is the mention of an object.
func (h *hiding) in(doc map[string]any, stood authz.Chain) mention {
	id, _ := doc[h.ID].(string)
	m := mention{kind: h, id: id, object: doc, stood: stood}
	if h.Works {
		m.words, m.word = doc, "state_reason"
	}
	return m
}

// places looks up where objects stand, if that decides about anything.
func (r *Renderer) places(ctx context.Context, caller *authz.Caller, found []mention) (map[string]authz.Chain, error) {
	if caller == nil {
		return nil, nil
	}
	var ids []string
	for _, m := range found {
		if m.id != "" && slices.ContainsFunc(m.kind.rules, func(r Rule) bool {
			a := caller.Access(r.Permission)
			return !a.All && !a.Nothing()
		}) {
			ids = append(ids, m.id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	slices.Sort(ids)
	return r.locator.LocateAll(ctx, slices.Compact(ids))
}

// hide takes out of a mention what the caller may not see, and says there what it was.
func (m *mention) hide(caller *authz.Caller, places map[string]authz.Chain) {
	at, there := places[m.id]
	if !there {
		at = m.stood
	}
	unseen := Unseen(m.kind.rules, caller, at)
	if len(unseen) > 0 && m.words != nil && m.words[m.word] != nil {
		m.words[m.word] = Withheld
	}
	if m.object == nil {
		return
	}
	hidden := []string{}
	for _, rule := range unseen {
		visit(m.object, rule.Path, "", func(pointer string, of map[string]any, name string) {
			_, has := of[name]
			delete(of, name)
			if has || !rule.former {
				hidden = append(hidden, pointer)
			}
		})
	}
	slices.Sort(hidden)
	m.object[HiddenFields] = hidden
}

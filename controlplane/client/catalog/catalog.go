// Package catalog is the contract of the control plane as data: every kind of thing it manages, with its fields,
// operations and actions. Terraform, Ansible, the CLI, the documentation and the tests are all driven by it.
//
// catalog.json is generated from the server's own code (cmd/gen) and embedded here; controlplane/docs/catalog.md
// describes every trait.
package catalog

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

//go:embed catalog.json
var raw []byte

//go:embed fixtures
var fixtures embed.FS

// Catalog is the whole contract.
type Catalog struct {
	// Version is MAJOR.MINOR; the server sends it as the header Demarc-Catalog.
	Version string `json:"version"`
	// BasePath is put before every Operation.Path: "/api/v1".
	BasePath string `json:"base_path"`
	// Kinds are ordered so that a kind stands after everything that it refers to.
	Kinds []Kind `json:"kinds"`
	// Operations are those that belong to no kind, in the order of their ids: who calls, what they may do, many objects of any kinds.
	Operations []GeneralOperation `json:"operations,omitempty"`
}

// Kind is one kind of thing.
type Kind struct {
	Name        string `json:"name"`   // virtual_machine
	Plural      string `json:"plural"` // virtual_machines
	Title       string `json:"title"`  // Virtual machine
	Description string `json:"description"`
	Category    string `json:"category"` // heading in the documentation: Tenancy, Compute, …
	Prefix      string `json:"prefix"`   // prefix of its ids: vm; empty if they are no TypeIDs, or none of its own
	Path        string `json:"path"`     // /virtual-machines
	// Named kinds have a name that is unique within their parent, and can be addressed by a path of names.
	Named bool `json:"named"`
	// Parent is the containing kind, nil at the top level.
	Parent *Parent `json:"parent,omitempty"`
	// Key lists the fields that identify an object of an unnamed kind: no two objects have the same values in them, and its list can be
	// filtered by each.
	Key []string `json:"key,omitempty"`
	// Singleton kinds have one object for each object that their one key field refers to, with the same id: it exists as long as that one
	// does. It is not created but changed, and a delete puts it back to its beginning. It has no id of its own and no list.
	Singleton bool `json:"singleton,omitempty"`
	// Managed kinds can be created (a singleton: changed) and deleted; the others are only read.
	Managed bool    `json:"managed"`
	Fields  []Field `json:"fields"`
	// Operations by verb: create, get, list, update, delete. A verb that is missing does not exist.
	Operations map[string]Operation `json:"operations"`
	// Actions are verbs that leave nothing behind to declare.
	Actions []Action `json:"actions,omitempty"`
	// Documents are what can be read of an object beside its fields, as it is: a label in PDF.
	Documents []Part `json:"documents,omitempty"`
	// Uploads are what can be sent for an object as it is: a disk's image.
	Uploads []Part `json:"uploads,omitempty"`
	// Streams are what can be watched of an object: server-sent events.
	Streams []Part `json:"streams,omitempty"`
	// Reveals are secrets of an object, which nothing but an operation of their own answers.
	Reveals []Reveal `json:"reveals,omitempty"`
	// Filters are the query parameters that its list takes besides the standard ones.
	Filters []Filter `json:"filters,omitempty"`
	// Orders are the fields that its list can be ordered by: with a minus sign before one, the other way round.
	Orders []string `json:"orders,omitempty"`
	// States says, for each value of the field state, which verbs (operation or action) are allowed.
	States map[string][]string `json:"states,omitempty"`
	Since  string              `json:"since,omitempty"`
}

// Parent says which kind contains a kind, and through which field.
type Parent struct {
	Kind string `json:"kind"`
	// Or are further kinds that may contain it, through the same field.
	Or    []string `json:"or,omitempty"`
	Field string   `json:"field"`
}

// Operation is one endpoint.
type Operation struct {
	ID         string `json:"id"`         // virtual_machines.create
	Method     string `json:"method"`     // POST
	Path       string `json:"path"`       // /virtual-machines/{id}, relative to Catalog.BasePath
	Permission string `json:"permission"` // virtual_machines.create
	// Async operations may answer 202 with a running operation in the field operation_id.
	Async bool `json:"async,omitempty"`
	// RequiresIfMatch: without If-Match it is refused with 428.
	RequiresIfMatch bool   `json:"requires_if_match,omitempty"`
	Summary         string `json:"summary"`
}

// Part is something below an object that goes in or out as it is: {path}/{id}/{name}.
type Part struct {
	Name string `json:"name"`
	// ContentTypes are those of an answer that is not JSON; Accept chooses, and the first is preferred.
	ContentTypes []string `json:"content_types,omitempty"`
	// BodyTypes are those of a body that streams, MaxBytes is how large one may be. It is sent without Idempotency-Key.
	BodyTypes []string `json:"body_types,omitempty"`
	MaxBytes  int64    `json:"max_bytes,omitempty"`
	Operation
}

// Reveal is what GET {path}/{id}/{name} answers: a secret that is in no object, list, event or file of state. Who reads it is on record.
type Reveal struct {
	Name   string  `json:"name"`
	Fields []Field `json:"fields"` // of its answer; those that are the secret are Sensitive
	Operation
}

// Action is POST {path}/{id}/actions/{name}.
type Action struct {
	Name   string  `json:"name"`
	Fields []Field `json:"fields,omitempty"` // of its body
	Operation
}

// GeneralOperation is an operation that belongs to no kind.
type GeneralOperation struct {
	Operation
	// Parameters are those of its query, beside page_size and page_token of one that is paged.
	Parameters []Parameter `json:"parameters,omitempty"`
	// Paged: it answers one page, and next_page_token says where the next one begins.
	Paged  bool    `json:"paged,omitempty"`
	Fields []Field `json:"fields,omitempty"` // of its body
	Answer []Field `json:"answer,omitempty"` // what it answers
}

// Name is what clients call it in one word: whoami, access, permissions_check.
func (o *GeneralOperation) Name() string {
	noun, verb, _ := strings.Cut(o.ID, ".")
	if verb == "get" || verb == "list" {
		return noun
	}
	return noun + "_" + verb
}

// Parameter is a parameter of the query of an operation that belongs to no kind.
type Parameter struct {
	Filter
	Required bool `json:"required,omitempty"`
}

// Types of a field.
const (
	String  = "string"
	Integer = "integer"
	Boolean = "boolean"
	Object  = "object" // Fields says what is in it
	Map     = "map"    // free string keys; Items says what the values are
	Set     = "set"    // unordered, unique; Items is a primitive
	List    = "list"   // ordered; used only where order means something
	JSON    = "json"   // an object of a shape that the contract does not fix; only read
)

// HiddenFields is the field of a kind, if it has fields that only some may see, which names those that were left out, as JSON pointers.
const HiddenFields = "hidden_fields"

// Platform is the word that may stand where an id does, if a Ref has it: the whole platform.
const Platform = "platform"

// Field is one field of a kind, or of an object in it.
type Field struct {
	Name        string  `json:"name"`
	Title       string  `json:"title"` // for people, in a table or beside an input: Boot disk size
	Type        string  `json:"type"`
	Format      string  `json:"format,omitempty"` // slug, email, date-time, typeid, …
	Description string  `json:"description"`
	Fields      []Field `json:"fields,omitempty"` // of an object
	Items       *Field  `json:"items,omitempty"`  // of a map, set or list

	// Required: a create must have it, and it cannot be cleared.
	Required bool `json:"required,omitempty"`
	// Nullable: it can be absent; null in a PATCH clears it.
	Nullable bool `json:"nullable,omitempty"`
	// Default is the literal that the server uses when the field is absent or cleared.
	Default json.RawMessage `json:"default,omitempty"`
	// ServerDefault: the server chooses a value when the field is absent. It may choose none: then null is answered, where that is a value or an
	// object.
	ServerDefault bool `json:"server_default,omitempty"`
	// Kept: another party sets it, too. The server chooses a value when the field is absent at create; what is absent from a PATCH, or null
	// there, stays what it is.
	Kept bool `json:"kept,omitempty"`

	// Immutable: set at create only; a change means another object. In an entry of a map: set when the entry is made.
	Immutable bool `json:"immutable,omitempty"`
	Computed  bool `json:"computed,omitempty"` // set by the server only
	// Volatile fields change without anybody asking (revision, times, state, usage). Always computed.
	Volatile bool `json:"volatile,omitempty"`
	// Follows are the fields beside it that it is computed from: it becomes another when one of these does, and then alone. Computed.
	Follows   []string `json:"follows,omitempty"`
	WriteOnly bool     `json:"write_only,omitempty"` // a secret: goes in, is never returned
	// ShownOnce is a secret that the server makes: it is in the answer of the create or action that made it, and null ever after. Computed.
	ShownOnce bool `json:"shown_once,omitempty"`
	// Sensitive is what an operation reveals: it is in the answer of that operation, and in no object. Computed.
	Sensitive bool `json:"sensitive,omitempty"`
	GrowOnly  bool `json:"grow_only,omitempty"`  // a number that cannot be lowered
	NeedsStop bool `json:"needs_stop,omitempty"` // the server stops and starts the machine to change it

	Enum      []string `json:"enum,omitempty"`
	OpenEnum  bool     `json:"open_enum,omitempty"` // readers must expect further values
	Pattern   string   `json:"pattern,omitempty"`   // RE2 and Python compatible, anchored
	Minimum   *int64   `json:"minimum,omitempty"`
	Maximum   *int64   `json:"maximum,omitempty"`
	MinLength *int64   `json:"min_length,omitempty"`
	MaxLength *int64   `json:"max_length,omitempty"`
	MaxItems  *int64   `json:"max_items,omitempty"` // of a map, set or list

	// Ref are the kinds whose id it holds; those of a map are its keys. Platform among them stands for itself: the field may hold
	// that word.
	Ref   []string `json:"ref,omitempty"`
	Unit  string   `json:"unit,omitempty"`   // MiB, GiB, …
	OneOf string   `json:"one_of,omitempty"` // exactly one of the fields with this value is set
	// AtMostOne: one of the fields of the object with this value is set, or none.
	AtMostOne string `json:"at_most_one,omitempty"`
	// VisibleTo is the permission that it takes, where the object stands, to see and set the field. It is left out for others, and named in
	// the object's hidden_fields.
	VisibleTo   string `json:"visible_to,omitempty"`
	Since       string `json:"since,omitempty"`
	Deprecated  string `json:"deprecated,omitempty"`
	RenamedFrom string `json:"renamed_from,omitempty"`
}

// Writable says whether a client may send the field at create.
func (f Field) Writable() bool { return !f.Computed }

// HiddenIn says whether an object, or an entry of it, was answered without the field because the token may not see it.
func (f Field) HiddenIn(object map[string]any) bool {
	_, shown := object[f.Name]
	return f.VisibleTo != "" && !shown
}

// Mutable says whether a PATCH may change the field.
func (f Field) Mutable() bool { return !f.Computed && !f.Immutable }

// Filter is a query parameter of a list.
type Filter struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"` // for people: Size at least
	Type        string   `json:"type"`
	Format      string   `json:"format,omitempty"` // of one that is not called like a field: date-time, …
	Description string   `json:"description"`
	Enum        []string `json:"enum,omitempty"`
	Ref         []string `json:"ref,omitempty"`
	// Many: it takes several values, in one parameter with commas between them, and finds what has any of them. Type, Enum and Ref are those
	// of one value.
	Many bool `json:"many,omitempty"`
	// Field and Bound are set on an end of a range: the field that it is about, and which end it is.
	Field string `json:"field,omitempty"`
	Bound string `json:"bound,omitempty"`
}

// Ends of ranges. What is at the moment of Until is not in the range; what is at the others is.
const (
	From  = "from"
	Until = "until"
	Min   = "min"
	Max   = "max"
)

// Orderings are the values of the parameter order_by of its list.
func (k *Kind) Orderings() []string {
	var out []string
	for _, field := range k.Orders {
		out = append(out, field, "-"+field)
	}
	return out
}

// Fixture is the sample data of one kind, from which every client is tested.
//
// In any string of it, keys of maps among them, "${kind}" or "${kind.label}" stands for the id of that parent, "${unique}" for
// a text that differs at each use of the fixture, and "${in_30_days}" for the midnight (UTC) that many days ahead.
type Fixture struct {
	// Parents are made first: label → what. A label without a dot in a reference is its kind's first parent.
	Parents map[string]FixtureParent `json:"parents,omitempty"`
	// Minimal has the required fields alone, Full every field, Changed every mutable field with another value. Those of a singleton
	// begin with its key, and what follows is the content of a first PATCH.
	Minimal map[string]any `json:"minimal,omitempty"`
	Full    map[string]any `json:"full,omitempty"`
	Changed map[string]any `json:"changed,omitempty"`
	Invalid []InvalidCase  `json:"invalid,omitempty"`
	// Uploads are bodies for what can be sent for an object as it is, by its name.
	Uploads map[string]string `json:"uploads,omitempty"`
}

// FixtureParent is an object that must exist before the fixture's own: made from the fixture of its kind
// ("minimal", with Set merged over it), or, if Existing is set, found by that name path.
type FixtureParent struct {
	Kind     string         `json:"kind"`
	Existing string         `json:"existing,omitempty"`
	Set      map[string]any `json:"set,omitempty"`
}

// InvalidCase is a change to the fixture's minimal body that the server refuses.
type InvalidCase struct {
	Name    string         `json:"name"`
	Set     map[string]any `json:"set"`
	Pointer string         `json:"pointer"` // JSON pointer into the body
	Code    string         `json:"code"`    // of errors[]
}

// Load returns the embedded catalog; it is parsed once.
var Load = sync.OnceValues(func() (*Catalog, error) {
	var c Catalog
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("catalog.json: %w", err)
	}
	return &c, nil
})

// Embedded is the embedded catalog as it is written. It is not to be changed.
func Embedded() []byte { return raw }

// Operation returns the operation of that id that belongs to no kind, nil if there is none.
func (c *Catalog) Operation(id string) *GeneralOperation {
	for i := range c.Operations {
		if c.Operations[i].ID == id {
			return &c.Operations[i]
		}
	}
	return nil
}

// Kind returns the kind of that name, nil if there is none.
func (c *Catalog) Kind(name string) *Kind {
	for i := range c.Kinds {
		if c.Kinds[i].Name == name {
			return &c.Kinds[i]
		}
	}
	return nil
}

// KindOfID returns the kind whose ids begin as id does, nil if there is none.
func (c *Catalog) KindOfID(id string) *Kind {
	i := strings.LastIndexByte(id, '_')
	if i <= 0 {
		return nil
	}
	for k := range c.Kinds {
		if c.Kinds[k].Prefix == id[:i] {
			return &c.Kinds[k]
		}
	}
	return nil
}

// IDField is the name of the field that holds what its objects are addressed by.
func (k *Kind) IDField() string {
	if k.Singleton {
		return k.Key[0]
	}
	return "id"
}

// Parents are the kinds that may contain it.
func (k *Kind) Parents() []string {
	if k.Parent == nil {
		return nil
	}
	return append([]string{k.Parent.Kind}, k.Parent.Or...)
}

// ShowsOnce says whether the kind has a secret that is shown once.
func (k *Kind) ShowsOnce() bool {
	for i := range k.Fields {
		if k.Fields[i].ShownOnce {
			return true
		}
	}
	return false
}

// Field returns the field of that name, nil if there is none.
func (k *Kind) Field(name string) *Field {
	for i := range k.Fields {
		if k.Fields[i].Name == name {
			return &k.Fields[i]
		}
	}
	return nil
}

// FollowsFrom says whether a field becomes another when that one does: it follows it, or what follows it.
func (k *Kind) FollowsFrom(f *Field, name string) bool {
	for _, of := range f.Follows {
		if g := k.Field(of); of == name || g != nil && k.FollowsFrom(g, name) {
			return true
		}
	}
	return false
}

// Async says whether any write of the kind may answer with a running operation.
func (k *Kind) Async() bool {
	for _, op := range k.Operations {
		if op.Async {
			return true
		}
	}
	return false
}

// LoadFixture returns the sample data of a kind of the embedded catalog.
func LoadFixture(kind string) (*Fixture, error) { return ReadFixture(fixtures, kind) }

// ReadFixture returns the sample data of a kind of any catalog, from the folder fixtures.
func ReadFixture(folder fs.FS, kind string) (*Fixture, error) {
	b, err := fs.ReadFile(folder, path.Join("fixtures", kind+".json"))
	if err != nil {
		return nil, err
	}
	var f Fixture
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("fixtures/%s.json: %w", kind, err)
	}
	return &f, nil
}

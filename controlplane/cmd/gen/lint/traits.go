package lint

// Which traits a field can have, by where it stands. The table is the only place that says so: lint refuses what it does not admit, the page of
// traits is made from it, and a kind of tests has every cell that it admits.

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// Shape is where a field stands.
type Shape int

// The shapes, in the order of the table.
const (
	Top    Shape = iota // of its kind, or of a body
	Object              // in an object
	Entry               // in an entry of a map
	Item                // in an item of a list
	Branch              // in an object that is one of a choice
)

// Shapes are all of them.
var Shapes = []Shape{Top, Object, Entry, Item, Branch}

func (s Shape) String() string {
	return [...]string{"top level", "object", "map entry", "list item", "branch"}[s]
}

// where is the shape in a sentence.
func (s Shape) where() string {
	return [...]string{"at the top", "in an object", "in an entry of a map", "in an item of a list", "in a branch of a choice"}[s]
}

// Cell is a trait in a shape.
type Cell struct {
	// Needs is the field of a kind, virtual_machine.user_data, that needs it first, or has what does; the kind may be one to come.
	Needs string
	// Instead says, of a cell that is not admitted, what to write.
	Instead string
}

// Admitted says whether lint lets it pass.
func (c Cell) Admitted() bool { return c.Needs != "" }

// Trait is a row of the table: something that can be said of a field.
type Trait struct {
	Name string
	// Means says what the server does about it, or who else does.
	Means string
	// Has says whether a field has it.
	Has func(f *catalog.Field) bool
	// Cells are in the order of Shapes.
	Cells [5]Cell
}

func needs(field string) Cell { return Cell{Needs: field} }

func not(instead string) Cell { return Cell{Instead: instead} }

// unneeded are cells that the server could be taught, once a kind needs them.
func unneeded() Cell {
	return not("no kind needs it there; put the field at the top, or give the table the kind that does")
}

// What to write instead, where a cell has a reason.
const (
	noIdentity = "a list is replaced whole, so nothing of an item outlives a change of the list; make it a map by a natural key"
	volatileUp = "clients leave out what changes by itself as a whole field; put it at the top"
	secretKind = "a secret of its own for each is a kind of its own, or a field at the top"
	shownUp    = "a secret that is shown once is what the kind is about; put it at the top"
	growKind   = "what has a size of its own is a kind of its own, as disks are; put the number at the top"
	historyUp  = "say it of the whole field at the top"
	openUp     = "put the state at the top"
	flat       = "write it flat, or make it a kind of its own"
	followUp   = "only a field of the kind itself is computed anew when others change; write it at the top"
	secretUp   = "an operation reveals it, in the fields of its answer; write each part at the top of that"
)

// nowhereBut is a row of a trait that is admitted at the top alone.
func nowhereBut(top, instead string) [5]Cell {
	return [5]Cell{needs(top), not(instead), not(instead), not(instead), not(instead)}
}

// Fields of kinds, present and to come, that need what stands in the table.
const (
	address    = "billing_entity.address"        // an object
	bindings   = "policy.bindings"               // a map of objects
	nics       = "virtual_machine.nics"          // network interfaces, by their names: a network that stays, an address, a MAC
	tiers      = "price.tiers"                   // from this number on that much for each: the order is the meaning
	graduated  = "price.graduated"               // a price model, which has tiers
	rules      = "bucket.lifecycle_rules"        // the first that fits decides
	ways       = "reverse_proxy.rules"           // by path: to a pool, or to another address
	health     = "server_pool.health_check"      // how its members are asked
	schedule   = "snapshot_policy.schedule"      // when, and what is kept
	external   = "acme_account.external_account" // the account at the authority that this one is bound to: an id and a key
	acme       = "certificate.acme"              // a certificate that is ordered
	uploaded   = "certificate.uploaded"          // a certificate that is brought, with its key
	place      = "location.address"              // with coordinates in it
	templates  = "image.user_data_templates"     // by their names, with parameters
	components = "product.components"            // what a product costs, retail and wholesale
	nameServer = "cloudspace.name_servers"       // asked in this order
	source     = "firewall_rule.source_cidr"     // from a network, from a group, or from anywhere
	fewSee     = "price.wholesale"               // what only the seller sees
	commitment = "price.commitment"              // so much at least, retail and wholesale
	members    = "server_pool.members"           // each of which is taken out by whoever works on it
	dnssec     = "dns_zone.dnssec"               // a switch, which its guard sets, too
	recordFQDN = "dns_record_set.fqdn"           // its name, in its zone
	keyOut     = "certificate.private_key"       // goes in once, and comes out by an operation
	later      = "any field, as its kind grows"
)

// Traits is the table.
var Traits = []Trait{
	{"string", "Text.", ofType(catalog.String), [5]Cell{needs("image.source_url"), needs(address), needs(nics), needs(tiers), needs(uploaded)}},
	{"integer", "A whole number of 64 bits.", ofType(catalog.Integer), [5]Cell{needs("virtual_machine.vcpus"), needs(health), needs(nics), needs(tiers), needs(acme)}},
	{"boolean", "True or false.", ofType(catalog.Boolean), [5]Cell{needs("location.enabled"), needs(health), needs(nics), needs(rules), needs(acme)}},
	{"object", "Has fields; merges by their names.", ofType(catalog.Object), [5]Cell{needs(address), needs(place), needs(ways), needs(rules), needs(acme)}},
	{"map", "Free keys; merges by them.", ofType(catalog.Map), [5]Cell{needs("image.labels"), unneeded(), needs(bindings), not(flat), unneeded()}},
	{"map of objects", "Each entry has fields; adding and removing entries is free.", ofObjects(catalog.Map),
		[5]Cell{needs(bindings), not(flat), not(flat), not(flat), not(flat)}},
	{"set", "Members in no order, none twice; replaced whole.", ofType(catalog.Set), [5]Cell{needs("customer.account_managers"), unneeded(), needs(bindings), not(flat), needs(acme)}},
	{"list", "Values whose order is the meaning; replaced whole.", ofType(catalog.List), [5]Cell{needs(nameServer), unneeded(), unneeded(), not(flat), unneeded()}},
	{"list of objects", "Items with fields, whose order is the meaning; replaced whole.", ofObjects(catalog.List),
		[5]Cell{needs(tiers), not(flat), not(flat), not(flat), needs(graduated)}},
	{"json", "Any shape; only read.", ofType(catalog.JSON), nowhereBut("audit_record.old", "name the fields")},

	{"required", "Refused without it.", func(f *catalog.Field) bool { return f.Required },
		[5]Cell{needs("image.name"), needs(schedule), needs(nics), needs(tiers), needs(uploaded)}},
	{"nullable", "May be absent; null clears it.", func(f *catalog.Field) bool { return f.Nullable },
		[5]Cell{needs("image.source_url"), needs(address), needs(nics), needs(tiers), needs(acme)}},
	{"default", "A literal where it is absent or cleared.", func(f *catalog.Field) bool { return len(f.Default) > 0 },
		[5]Cell{needs("image.os_type"), needs(health), needs(bindings), needs(rules), needs(acme)}},
	{"server_default", "The server chooses where it is absent or cleared.", func(f *catalog.Field) bool { return f.ServerDefault },
		[5]Cell{needs("api_token.expires_at"), unneeded(), needs(nics), not(noIdentity), unneeded()}},
	{"kept", "Another party sets it, too: absent at create the server chooses; absent from a patch, or null, leaves it.", func(f *catalog.Field) bool { return f.Kept },
		[5]Cell{needs("customer.status"), needs(dnssec), needs(members), not(noIdentity), unneeded()}},
	{"immutable", "Set once, when what it is in is made.", func(f *catalog.Field) bool { return f.Immutable },
		[5]Cell{needs("image.os_type"), unneeded(), needs(nics), not(noIdentity), unneeded()}},
	{"computed", "Set by the server alone; stays while other fields change.", func(f *catalog.Field) bool { return f.Computed },
		[5]Cell{needs("image.id"), unneeded(), needs(nics), not(noIdentity), needs(acme)}},
	{"follows", "Computed anew when one of the fields that it follows changes, and then alone.", func(f *catalog.Field) bool { return len(f.Follows) > 0 },
		[5]Cell{needs(recordFQDN), not(followUp), not(followUp), not(noIdentity), not(followUp)}},
	{"volatile", "Changes without anybody asking.", func(f *catalog.Field) bool { return f.Volatile }, nowhereBut("image.state", volatileUp)},
	{"write_only", "A secret: goes in, never comes out.", func(f *catalog.Field) bool { return f.WriteOnly },
		[5]Cell{needs("virtual_machine.user_data"), needs(external), not(secretKind), not(secretKind), needs(uploaded)}},
	{"shown_once", "A secret that the server makes, in one answer.", func(f *catalog.Field) bool { return f.ShownOnce }, nowhereBut("api_token.token", shownUp)},
	{"sensitive", "A secret that an operation reveals, to whom has its permission: in that answer alone.", func(f *catalog.Field) bool { return f.Sensitive }, nowhereBut(keyOut, secretUp)},
	{"grow_only", "Cannot be lowered.", func(f *catalog.Field) bool { return f.GrowOnly }, nowhereBut("disk.size_gib", growKind)},
	{"needs_stop", "The machine is stopped to change it.", func(f *catalog.Field) bool { return f.NeedsStop },
		[5]Cell{needs("virtual_machine.vcpus"), unneeded(), needs(nics), not(noIdentity), unneeded()}},

	{"enum", "One of these.", func(f *catalog.Field) bool { return ofValue(f, func(v *catalog.Field) bool { return len(v.Enum) > 0 }) },
		[5]Cell{needs("image.os_type"), needs(health), needs(nics), needs(rules), needs(acme)}},
	{"open_enum", "One of these, or of those to come.", func(f *catalog.Field) bool { return f.OpenEnum }, nowhereBut("image.state", openUp)},
	{"format", "Text of a named form, which says what is equal.", func(f *catalog.Field) bool { return ofValue(f, func(v *catalog.Field) bool { return v.Format != "" }) },
		[5]Cell{needs("image.name"), needs(address), needs(nics), needs(tiers), needs(uploaded)}},
	{"minimum, maximum", "A number between these.", func(f *catalog.Field) bool {
		return ofValue(f, func(v *catalog.Field) bool { return v.Minimum != nil || v.Maximum != nil })
	}, [5]Cell{needs("virtual_machine.vcpus"), needs(health), needs(nics), needs(tiers), needs(acme)}},
	{"min_length, max_length", "Text of a length between these.", func(f *catalog.Field) bool {
		return ofValue(f, func(v *catalog.Field) bool { return v.MinLength != nil || v.MaxLength != nil })
	}, [5]Cell{needs("image.name"), needs(address), needs(templates), needs(rules), needs(uploaded)}},
	{"max_items", "So many at most.", func(f *catalog.Field) bool { return f.MaxItems != nil },
		[5]Cell{needs("image.labels"), unneeded(), needs(bindings), not(flat), needs(graduated)}},
	{"unit", "What it is measured in.", func(f *catalog.Field) bool { return f.Unit != "" },
		[5]Cell{needs("image.min_disk_gib"), needs(health), needs(nics), needs(rules), needs(acme)}},
	{"ref", "The id of something that the caller may see.", func(f *catalog.Field) bool { return len(f.Ref) > 0 && f.Type != catalog.Map },
		[5]Cell{needs("cloudspace.location_id"), unneeded(), needs(nics), not("an attachment is a field of the thing that comes later"), needs(acme)}},
	{"ref of keys", "Its keys are ids.", func(f *catalog.Field) bool { return len(f.Ref) > 0 && f.Type == catalog.Map }, nowhereBut(bindings, flat)},

	{"one_of", "Exactly one of these is set.", func(f *catalog.Field) bool { return f.OneOf != "" },
		[5]Cell{needs(uploaded), needs(schedule), needs(ways), needs(rules), needs(acme)}},
	{"at_most_one", "One of these is set, or none.", func(f *catalog.Field) bool { return f.AtMostOne != "" },
		[5]Cell{needs(source), needs(schedule), needs(ways), needs(rules), unneeded()}},
	{"visible_to", "Left out for who may not see it.", func(f *catalog.Field) bool { return f.VisibleTo != "" },
		[5]Cell{needs(fewSee), needs(commitment), needs(components), not("whoever sends a list replaces what they do not see"), not("what others may choose would tell them of it")}},

	{"since", "The version of the catalog that brought it.", func(f *catalog.Field) bool { return f.Since != "" }, nowhereBut(later, historyUp)},
	{"deprecated", "What to use in its place.", func(f *catalog.Field) bool { return f.Deprecated != "" }, nowhereBut(later, historyUp)},
	{"renamed_from", "How it was called.", func(f *catalog.Field) bool { return f.RenamedFrom != "" }, nowhereBut(later, historyUp)},
}

// answered are the traits that the table is held to in what is only described, too: they promise something of answers.
var answered = []string{"follows", "sensitive"}

func ofType(t string) func(f *catalog.Field) bool {
	return func(f *catalog.Field) bool { return f.Type == t && (f.Items == nil || f.Items.Type != catalog.Object) }
}

func ofObjects(t string) func(f *catalog.Field) bool {
	return func(f *catalog.Field) bool { return f.Type == t && f.Items != nil && f.Items.Type == catalog.Object }
}

// ofValue asks about a field, or about the values of a map, set or list of values.
func ofValue(f *catalog.Field, has func(v *catalog.Field) bool) bool {
	return has(f) || f.Items != nil && f.Items.Type != catalog.Object && has(f.Items)
}

// Chosen says whether a field is one of those that exclude each other.
func Chosen(f *catalog.Field) bool { return f.OneOf != "" || f.AtMostOne != "" }

// Walk calls fn for each field that can be sent, and in what can, with the shapes that it stands in and the names that lead to it: "*" for any
// entry or item. What is in something that the server alone sets is only described, so it is left out.
func Walk(fields []catalog.Field, fn func(f *catalog.Field, path []string, within []Shape)) {
	walk(fields, nil, []Shape{Top}, false, fn)
}

// walk is Walk; of what is only described, too, if that is said.
func walk(fields []catalog.Field, path []string, within []Shape, described bool, fn func(*catalog.Field, []string, []Shape)) {
	for i := range fields {
		f := &fields[i]
		at := append(slices.Clone(path), f.Name)
		fn(f, at, within)
		if f.Computed && !described {
			continue
		}
		in := func(s Shape) []Shape {
			if within[0] == Top {
				return []Shape{s}
			}
			return append(slices.Clone(within), s)
		}
		switch {
		case f.Type == catalog.Object && Chosen(f):
			walk(f.Fields, at, in(Branch), described, fn)
		case f.Type == catalog.Object:
			walk(f.Fields, at, in(Object), described, fn)
		case f.Items != nil && f.Type == catalog.Map:
			walk(f.Items.Fields, append(at, "*"), in(Entry), described, fn)
		case f.Items != nil:
			walk(f.Items.Fields, append(at, "*"), in(Item), described, fn)
		}
	}
}

// shapes refuses what the table does not admit. What stands in several shapes has to be admitted in each.
func (l *linter) shapes(where string, fields []catalog.Field) {
	Walk(fields, func(f *catalog.Field, path []string, within []Shape) {
		for _, t := range Traits {
			if !slices.Contains(answered, t.Name) && (within[0] == Top || !inherited(f, t, fields, path)) {
				l.admits(where, t, f, path, within)
			}
		}
	})
	l.answers(where, fields)
}

// answers refuses what the table does not admit in what is answered, be it only described.
func (l *linter) answers(where string, fields []catalog.Field) {
	walk(fields, nil, []Shape{Top}, true, func(f *catalog.Field, path []string, within []Shape) {
		for _, t := range Traits {
			if slices.Contains(answered, t.Name) {
				l.admits(where, t, f, path, within)
			}
		}
	})
}

// admits refuses a trait that a field has in a shape where the table does not admit it.
func (l *linter) admits(where string, t Trait, f *catalog.Field, path []string, within []Shape) {
	for _, shape := range within {
		if c := t.Cells[shape]; t.Has(f) && !c.Admitted() {
			l.addf("%s, field %s: %s %s is not admitted: %s", where, strings.Join(path, "."), t.Name, shape.where(), c.Instead)
		}
	}
}

// inherited says whether a field is immutable because the field at the top is that it is in.
func inherited(f *catalog.Field, t Trait, fields []catalog.Field, path []string) bool {
	return t.Name == "immutable" && f.Immutable && slices.ContainsFunc(fields, func(top catalog.Field) bool { return top.Name == path[0] && top.Immutable })
}

// chosen checks the fields of one object that exclude each other.
func (l *linter) chosen(where string, fields []catalog.Field) {
	groups := map[string][]*catalog.Field{}
	for i := range fields {
		f := &fields[i]
		at := where + ", field " + f.Name
		if !Chosen(f) {
			continue
		}
		groups["one_of "+f.OneOf] = append(groups["one_of "+f.OneOf], f)
		groups["at_most_one "+f.AtMostOne] = append(groups["at_most_one "+f.AtMostOne], f)
		if f.OneOf != "" && f.AtMostOne != "" {
			l.addf("%s: is in two choices", at)
		}
		if !f.Computed && (!f.Nullable || f.Items != nil || f.WriteOnly) {
			l.addf("%s: is one of a choice, so it can be absent and seen to be: nullable, no secret, and a list or map in an object", at)
		}
	}
	for name, of := range groups {
		kind, group, _ := strings.Cut(name, " ")
		switch {
		case group == "":
		case len(of) < 2:
			l.addf("%s: only one field is in the choice %s", where, group)
		case slices.ContainsFunc(of, func(f *catalog.Field) bool { return f.Immutable != of[0].Immutable || f.Computed != of[0].Computed }):
			l.addf("%s: some of the choice %s of %s can be set when others cannot", where, group, kind)
		}
	}
}

// TraitsPage is the page of the table: what can be said of a field, and where. Kinds are those of the present catalog.
func TraitsPage(c *catalog.Catalog) string {
	var b strings.Builder
	b.WriteString("<!-- Generated by controlplane/cmd/gen. -->\n# Traits and shapes\n\n")
	b.WriteString("What can be said of a field ([catalog](catalog.md)), by where it stands. Lint refuses what this table does not admit, with the words below it. A cell\n" +
		"names the field of a kind that needs it first: it is in that field, or in what that field has. *In italics*: the kind or the field is to come.\n" +
		"What stands in several shapes, a field of a branch in an entry of a map, has to be admitted in each.\n\n")
	b.WriteString("| trait | what it means |")
	for _, s := range Shapes {
		b.WriteString(" " + s.String() + " |")
	}
	b.WriteString("\n|---|---|---|---|---|---|---|\n")
	var instead []string
	for _, t := range Traits {
		fmt.Fprintf(&b, "| `%s` | %s |", t.Name, t.Means)
		for _, s := range Shapes {
			b.WriteString(" " + t.Cells[s].words(c, &instead) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\nWhere a number stands, it is refused:\n\n")
	for i, words := range instead {
		fmt.Fprintf(&b, "%d. %s.\n", i+1, words)
	}
	b.WriteString("\n## Formats\n\nWhether two texts mean the same is said by the format alone: in those of this table, and nowhere else, texts that differ may. A patch to what means the\n" +
		"same changes nothing, what cannot be changed may be sent so, and a set has it once.\n\n| format | the same are |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(spec.Formats)) {
		if f := spec.Formats[name]; f.Canonical != nil {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, f.Alike)
		}
	}
	return b.String()
}

// words are a cell of the page.
func (c Cell) words(now *catalog.Catalog, instead *[]string) string {
	if !c.Admitted() {
		if !slices.Contains(*instead, c.Instead) {
			*instead = append(*instead, c.Instead)
		}
		return fmt.Sprintf("no (%d)", slices.Index(*instead, c.Instead)+1)
	}
	if c.Stands(now) {
		return c.Needs
	}
	return "*" + c.Needs + "*"
}

// Stands says whether the field that needs the cell is there.
func (c Cell) Stands(now *catalog.Catalog) bool {
	kind, field, _ := strings.Cut(c.Needs, ".")
	k := now.Kind(kind)
	return k != nil && slices.ContainsFunc(FieldsOf(k), func(f catalog.Field) bool { return f.Name == field })
}

// FieldsOf are the fields of a kind, and of what its operations reveal.
func FieldsOf(k *catalog.Kind) []catalog.Field {
	out := slices.Clone(k.Fields)
	for _, r := range k.Reveals {
		out = append(out, r.Fields...)
	}
	return out
}

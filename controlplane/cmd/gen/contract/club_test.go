package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	members "github.com/demarc/demarc/controlplane/cmd/gen/contract/testdata/club"
	"github.com/demarc/demarc/controlplane/cmd/gen/contract/testdata/depot/ticket"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// club is the source of the kinds that are found by a key, are there once, show a secret, or have no ids of their own.
func club(t *testing.T) Source {
	t.Helper()
	halls := resource.Kind{Name: "hall", Title: "Hall", Category: "Places", Prefix: "hal", Named: true, Scope: true, Description: "Where the club meets."}
	passes := resource.Kind{Name: "pass", Title: "Pass", Category: "Access", Prefix: "pas", Named: true, Description: "Opens doors.",
		Parent: &resource.Link{Kind: "hall", Or: []string{"pass"}, Field: "owner_id"}, Reveals: []string{"create", "renew"}}
	loans := resource.Kind{Name: "loan", Title: "Loan", Category: "Access", Prefix: "lon", Key: []string{"pass_id", "scope_id", "manner"},
		Description: "A pass that is lent.", Filters: []resource.Filter{
			{Name: "pass_id", Words: "Those of one pass"}, {Name: "scope_id", Words: "Those that count in one place"}, {Name: "manner", Words: "Those lent so"}}}
	rotas := resource.Kind{Name: "rota", Title: "Rota", Category: "Access", Key: []string{"scope_id"}, Singleton: true, RequiresIfMatch: true,
		Description: "Who is on duty in one place."}
	rights := resource.Kind{Name: "right", Title: "Right", Category: "Access", Key: []string{"id"}, Virtual: true, Description: "What may be done.",
		Filters: []resource.Filter{{Name: "verb", Words: "Those that allow it"}}}

	s := tree(t, "club")
	s.Folders = append(s.Folders, filepath.Join(s.Root, "cmd/gen/contract/testdata/depot/ticket"))
	s.Kinds = []resource.Kind{rotas, rights, loans, passes, halls, tickets}
	s.Ops = append(httpapi.CRUD(halls, verbs[members.HallSpec, members.HallSpec, members.Hall, resource.None]()),
		httpapi.CRUD(passes, verbs[members.PassCreate, members.PassSpec, members.Pass, resource.None]())...)
	s.Ops = append(s.Ops, httpapi.CRUD(tickets, reads[ticket.Ticket]())...)
	s.Ops = append(s.Ops, httpapi.Action(passes, "renew", "Renew a pass", false, does[httpapi.ActionBodyInput[members.PassRenewal], members.Pass]()))
	lending := verbs[members.LoanCreate, resource.None, members.Loan, resource.None]()
	lending.Update = nil
	s.Ops = append(s.Ops, httpapi.CRUD(loans, lending)...)
	duty := verbs[resource.None, members.RotaSpec, members.Rota, resource.None]()
	duty.Create, duty.List = nil, nil
	s.Ops = append(s.Ops, httpapi.CRUD(rotas, duty)...)
	s.Ops = append(s.Ops, httpapi.CRUD(rights, reads[members.Right]())...)
	s.Ops = append(s.Ops, httpapi.Op{ID: "whoami.get", Method: "GET", Path: "/whoami", Scope: httpapi.ScopeCaller, Handle: does[httpapi.GetInput, resource.None]()})
	s.Ops = listed(s.Kinds, s.Ops)
	s.Fixture = func(kind string) (*catalog.Fixture, error) {
		b, err := os.ReadFile(filepath.Join("testdata/club/fixtures", kind+".json"))
		if err != nil {
			return nil, err
		}
		var f catalog.Fixture
		return &f, json.Unmarshal(b, &f)
	}
	return s
}

func TestCatalogOfTheClub(t *testing.T) {
	t.Parallel()
	files, err := Make(club(t))
	if err != nil {
		t.Fatal(err)
	}
	c := files.catalog
	pass, loan, rota, right := c.Kind("pass"), c.Kind("loan"), c.Kind("rota"), c.Kind("right")
	duty := rota.Field("duties").Items
	scope := []string{"platform", "hall"}
	for name, ok := range map[string]bool{
		"a parent of two kinds":             slices.Equal(pass.Parents(), []string{"hall", "pass"}),
		"the token is shown once":           pass.Field("token").ShownOnce && pass.Field("token").Computed && pass.Field("token").Nullable && pass.ShowsOnce(),
		"a nullable scope":                  slices.Equal(pass.Field("scope_id").Ref, scope) && pass.Field("scope_id").Immutable && pass.Field("scope_id").Nullable,
		"a list that only the server fills": pass.Field("uses").Type == catalog.List && pass.Field("uses").Items.Fields[0].Computed,
		"the action has its body":           len(pass.Actions[0].Fields) == 2 && pass.Actions[0].Fields[1].Nullable,
		"a key":                             slices.Equal(loan.Key, []string{"pass_id", "scope_id", "manner"}) && loan.Managed && !loan.Named,
		"the key is said once":              loan.Field("manner").Required && loan.Field("manner").Immutable,
		"no update":                         len(loan.Operations) == 4 && loan.Operations["update"].ID == "",
		"filters by the key":                slices.Equal(loan.Filters[1].Ref, scope) && slices.Equal(loan.Filters[2].Enum, []string{"day", "night"}),
		"a singleton":                       rota.Singleton && rota.Managed && rota.Prefix == "" && rota.IDField() == "scope_id",
		"its key is said":                   rota.Field("scope_id").Required && rota.Field("scope_id").Immutable && slices.Equal(rota.Field("scope_id").Ref, scope),
		"its writes need If-Match":          rota.Operations["update"].RequiresIfMatch && rota.Operations["delete"].RequiresIfMatch && !rota.Operations["get"].RequiresIfMatch,
		"a map of objects":                  rota.Field("duties").Type == catalog.Map && duty.Type == catalog.Object && slices.Equal(rota.Field("duties").Ref, []string{"pass"}),
		"defaults in it":                    string(duty.Fields[0].Default) == "[]" && string(duty.Fields[1].Default) == "{}" && duty.Fields[1].Items.Format == "date-time",
		"a question":                        c.Operation("whoami.get").Parameters[0].Name == "resource_id" && !c.Operation("whoami.get").Parameters[0].Required && c.Operation("whoami.get").Answer[0].Name == "id",
		"what only some may see":            c.Kind("hall").Field("fee").VisibleTo == "halls.get_fee" && duty.Fields[2].VisibleTo == "rotas.get_pay" && rota.Field("duties").VisibleTo == "",
		"what was left out is said": rota.Field("hidden_fields").Volatile && rota.Field("hidden_fields").Type == catalog.Set && loan.Field("hidden_fields") == nil &&
			c.Kind("hall").Fields[len(c.Kind("hall").Fields)-1].Name == "hidden_fields",
		"ids that are words":              right.Prefix == "" && !right.Managed && right.Field("id").Format == "" && right.Field("id").Pattern == "",
		"what it refers to stands before": slices.IndexFunc(c.Kinds, func(k catalog.Kind) bool { return k.Name == "rota" }) > slices.IndexFunc(c.Kinds, func(k catalog.Kind) bool { return k.Name == "pass" }),
	} {
		if !ok {
			t.Errorf("not so: %s", name)
		}
	}
}

func TestSpecificationOfTheClub(t *testing.T) {
	t.Parallel()
	files, err := Make(club(t))
	if err != nil {
		t.Fatal(err)
	}
	d := files.document
	header := func(path, method string) (name string, required bool) {
		for _, p := range d.Paths.Value(path).GetOperation(method).Parameters {
			if p.Value.Name == "If-Match" {
				return p.Ref, p.Value.Required
			}
		}
		return "", false
	}
	if ref, required := header("/rotas/{id}", "PATCH"); ref != "#/components/parameters/RequiredIfMatch" || !required {
		t.Errorf("rotas.update: If-Match is %s, required: %t", ref, required)
	}
	if ref, required := header("/halls/{id}", "PATCH"); ref != "#/components/parameters/IfMatch" || required {
		t.Errorf("halls.update: If-Match is %s, required: %t", ref, required)
	}
	id := func(path string) string { return d.Paths.Value(path).Get.Parameters[0].Value.Schema.Value.Pattern }
	if got := id("/rotas/{id}"); got != "^(platform|hal_[0-9a-hjkmnp-tv-z]{26})$" {
		t.Errorf("the id of a rota: %s", got)
	}
	if got := id("/rights/{id}"); got != "" {
		t.Errorf("the id of a right: %s", got)
	}
	entry := d.Components.Schemas["RotaPatch"].Value.Properties["duties"].Value.AdditionalProperties.Schema
	if entry.Value == nil || !entry.Value.Nullable || entry.Value.AllOf[0].Ref != "#/components/schemas/RotaDutyPatch" {
		t.Error("null does not remove an entry of a map")
	}
	for name, required := range map[string]bool{"fee": false, "hidden_fields": true, "notes": true} {
		if got := slices.Contains(d.Components.Schemas["Hall"].Value.Required, name); got != required {
			t.Errorf("what is read of a hall always has %s: %t", name, got)
		}
	}
	if slices.Contains(d.Components.Schemas["RotaDuty"].Value.Required, "pay") {
		t.Error("what only some may see of an entry always is there")
	}
	prefixes, _ := d.Extensions["x-prefixes"].(map[string]any)
	if _, ok := prefixes[""]; ok || len(prefixes) != 4 {
		t.Errorf("prefixes: %v", prefixes)
	}
}

func TestWhatBreaksTheClub(t *testing.T) {
	t.Parallel()
	kind := func(s *Source, name string) *resource.Kind {
		return &s.Kinds[slices.IndexFunc(s.Kinds, func(k resource.Kind) bool { return k.Name == name })]
	}
	op := func(s *Source, id string) *httpapi.Op {
		return &s.Ops[slices.IndexFunc(s.Ops, func(o httpapi.Op) bool { return o.ID == id })]
	}
	for name, c := range map[string]struct {
		change func(*Source)
		want   string
	}{
		"a secret is kept for repetitions":   {func(s *Source) { op(s, "passes.create").Reveals = false }, "operation passes.create: makes a secret that is shown once"},
		"a secret that is none":              {func(s *Source) { op(s, "halls.create").Reveals = true }, "operation halls.create: is said to reveal a secret"},
		"a parent that the field lacks":      {func(s *Source) { kind(s, "pass").Parent.Or = nil }, "kind pass, field owner_id: refers to [hall pass]"},
		"a key without a filter":             {func(s *Source) { kind(s, "loan").Key = []string{"created_at"} }, "kind loan, field created_at: is part of the key"},
		"a singleton of nothing":             {func(s *Source) { kind(s, "rota").Key = []string{"revision"} }, "kind rota: is a singleton, so its key is one field"},
		"a managed kind without a prefix":    {func(s *Source) { kind(s, "loan").Prefix = "" }, "kind loan: its prefix is 2 to 5 letters"},
		"a reference to what has no ids":     {func(s *Source) { kind(s, "pass").Prefix = "" }, "x-ref=pass names no kind that has ids"},
		"If-Match without a revision":        {func(s *Source) { op(s, "rights.get").RequiresIfMatch = true }, "kind right, get: requires If-Match, and has no field revision"},
		"a first patch that is refused":      {fixtureOf("rota", "full", "duties", 1), "fixtures/rota.json: full would be refused"},
		"a key that is missing from minimal": {fixtureOf("rota", "minimal", "duties", map[string]any{}), "minimal has duties, which is not required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := club(t)
			c.change(&s)
			if _, err := Make(s); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// fixtureOf sets a field of a body of the sample data.
func fixtureOf(kind, body, field string, value any) func(*Source) {
	return func(s *Source) {
		load := s.Fixture
		s.Fixture = func(name string) (*catalog.Fixture, error) {
			f, err := load(name)
			if err == nil && name == kind {
				map[string]map[string]any{"minimal": f.Minimal, "full": f.Full}[body][field] = value
			}
			return f, err
		}
	}
}

package parity

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/api"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/app"
	"github.com/demarc/demarc/controlplane/internal/cli"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// The comparisons are tested on copies of the repository's own files, each with one thing missing: a comparison that no longer sees what
// it reads (because a page is written in another way) fails here, not in silence.

func catalogOf(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// copied is a tree with copies of these folders of the repository.
func copied(t *testing.T, folders ...string) Tree {
	t.Helper()
	tree := Tree{Root: t.TempDir(), Catalog: catalogOf(t)}
	for _, f := range folders {
		if err := os.CopyFS(tree.path(f), os.DirFS(filepath.Join("../..", f))); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

func remove(file string) func(*testing.T, Tree) {
	return func(t *testing.T, tree Tree) {
		t.Helper()
		if err := os.Remove(tree.path(file)); err != nil {
			t.Fatal(err)
		}
	}
}

func create(file string) func(*testing.T, Tree) {
	return func(t *testing.T, tree Tree) {
		t.Helper()
		if err := os.WriteFile(tree.path(file), []byte("\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// replace changes the first occurrence of a text, which must be there.
func replace(file, old, with string) func(*testing.T, Tree) {
	return func(t *testing.T, tree Tree) {
		t.Helper()
		b, err := os.ReadFile(tree.path(file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(old)) {
			t.Fatalf("%s has no %q", file, old)
		}
		if err := os.WriteFile(tree.path(file), bytes.Replace(b, []byte(old), []byte(with), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsMissingIsFound(t *testing.T) {
	t.Parallel()
	const modules = "ansible_collections/demarc/cloud/plugins/modules/"
	for name, c := range map[string]struct {
		folders []string
		compare func(Tree) []Gap
		change  func(*testing.T, Tree)
		item    string
		what    string
	}{
		"a resource":             {[]string{"docs"}, Tree.Terraform, remove("docs/resources/customer.md"), "customer", "there is no docs/resources/customer.md"},
		"a data source":          {[]string{"docs"}, Tree.Terraform, remove("docs/data-sources/customer.md"), "customer", "there is no docs/data-sources/customer.md"},
		"a plural data source":   {[]string{"docs"}, Tree.Terraform, remove("docs/data-sources/customers.md"), "customer", "there is no docs/data-sources/customers.md"},
		"a list resource":        {[]string{"docs"}, Tree.Terraform, remove("docs/list-resources/customer.md"), "customer", "there is no docs/list-resources/customer.md"},
		"an attribute":           {[]string{"docs"}, Tree.Terraform, replace("docs/resources/customer.md", "- `email` (", "- `mail` ("), "customer.email", "docs/resources/customer.md has no email"},
		"a nested attribute":     {[]string{"docs"}, Tree.Terraform, replace("docs/resources/billing_entity.md", "- `street` (", "- `road` ("), "billing_entity.address.street", "has no address.street"},
		"an attribute of a list": {[]string{"docs"}, Tree.Terraform, replace("docs/data-sources/customers.md", "- `email` (", "- `mail` ("), "customer.email", "has no items.email"},
		"a secret's version":     {[]string{"docs"}, Tree.Terraform, replace("docs/resources/virtual_machine.md", "- `user_data_wo_version` (", "- `x` ("), "virtual_machine.user_data", "has no user_data_wo_version"},
		"an argument":            {[]string{"docs"}, Tree.Terraform, replace("docs/data-sources/disks.md", "- `label` (", "- `x` ("), "disk.label", "has no argument label"},
		"an order":               {[]string{"docs"}, Tree.Terraform, replace("docs/list-resources/disk.md", "- `order_by` (", "- `x` ("), "disk.order_by", "has no argument order_by"},
		"an end of a range":      {[]string{"docs"}, Tree.Terraform, replace("docs/data-sources/disks.md", "- `size_gib_max` (", "- `x` ("), "disk.size_gib_max", "has no argument size_gib_max"},
		"a page too many":        {[]string{"docs"}, Tree.Terraform, create("docs/resources/lamp.md"), "lamp", "belongs to no kind"},

		"an example":                 {[]string{"examples"}, Tree.Examples, remove("examples/resources/demarc_customer/resource.tf"), "customer", "there is no examples/resources/demarc_customer/resource.tf"},
		"how to import":              {[]string{"examples"}, Tree.Examples, remove("examples/resources/demarc_customer/import.sh"), "customer", "import.sh"},
		"an example of many":         {[]string{"examples"}, Tree.Examples, remove("examples/data-sources/demarc_customers/data-source.tf"), "customer", "demarc_customers/data-source.tf"},
		"a list's example":           {[]string{"examples"}, Tree.Examples, remove("examples/list-resources/demarc_customer/list-resource.tfquery.hcl"), "customer", "list-resource.tfquery.hcl"},
		"an example too many":        {[]string{"examples"}, Tree.Examples, create("examples/resources/demarc_lamp"), "lamp", "belongs to no kind"},
		"sample data":                {[]string{"controlplane/client/catalog/fixtures"}, Tree.Fixtures, remove("controlplane/client/catalog/fixtures/customer.json"), "customer", "fixtures/customer.json"},
		"sample data of no kind":     {[]string{"controlplane/client/catalog/fixtures"}, Tree.Fixtures, create("controlplane/client/catalog/fixtures/lamp.json"), "lamp", "belongs to no kind"},
		"a module":                   {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, remove(modules + "customer.py"), "customer", "plugins/modules/customer.py"},
		"an info module":             {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, remove(modules + "customer_info.py"), "customer", "plugins/modules/customer_info.py"},
		"a module too many":          {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, create(modules + "lamp.py"), "lamp", "belongs to no kind"},
		"an option":                  {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"customer.py", "\n  email:\n", "\n  mail:\n"), "customer.email", "the module customer has no such option"},
		"a suboption":                {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"billing_entity.py", "\n      street:\n", "\n      road:\n"), "billing_entity.address.street", "has no such option"},
		"a choice":                   {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"customer.py", "      - prepaid\n", ""), "customer.payment_mode", "no choice prepaid"},
		"an action":                  {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"virtual_machine_action.py", "      - reboot\n", ""), "virtual_machines.reboot", "has no such action"},
		"a filter":                   {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"disk_info.py", "\n  virtual_machine_id:\n", "\n  x:\n"), "disk.virtual_machine_id", "does not search by it"},
		"an order of a module":       {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"disk_info.py", "      - '-size_gib'\n", ""), "disk.order_by", "has no order -size_gib"},
		"several values":             {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"operation_info.py", "    type: list\n    elements: str\n", "    type: str\n"), "operation.state", "the filter takes several values: true"},
		"a result":                   {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"customer_info.py", "\n    email:\n", "\n    mail:\n"), "customer.email", "does not say that it returns it"},
		"the action group":           {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace("ansible_collections/demarc/cloud/meta/runtime.yml", "    - customer\n", ""), "customer", "not in the action group"},
		"the routing":                {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace("ansible_collections/demarc/cloud/meta/runtime.yml", "    customer:\n", "    lamp:\n"), "customer", "not routed"},
		"a function of the SDK":      {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/customer.gen.go", "func Customers(", "func Clients("), "customer", "has no function"},
		"a verb of the SDK":          {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/audit_record.gen.go", "\tclient.Getter[AuditRecord]\n", ""), "audit_records.get", "cannot do it"},
		"a verb too many":            {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/audit_record.gen.go", "\tclient.Getter[AuditRecord]\n", "\tclient.Getter[AuditRecord]\n\tclient.Deleter\n"), "audit_record", "can delete it"},
		"an action of the SDK":       {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/virtual_machine.gen.go", ") Reboot(", ") Restart("), "virtual_machines.reboot", "has no method"},
		"a field of the SDK":         {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/customer.gen.go", "`json:\"tax_number\"`", "`json:\"tax\"`"), "customer.tax_number", "lacks it"},
		"a field too many":           {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/customer.gen.go", "`json:\"tax_number\"`", "`json:\"tax\"`"), "customer.tax", "the catalog has not"},
		"a field of a create":        {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/virtual_machine.gen.go", "`json:\"user_data,omitzero\"`", "`json:\"x\"`"), "virtual_machine.user_data", "virtualmachinecreate lacks it"},
		"a field that cannot change": {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/disk.gen.go", "type DiskPatch struct {", "type DiskPatch struct {\n\tX string `json:\"cloudspace_id\"`"), "disk.cloudspace_id", "must not"},
		"a field of a part":          {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/billing_entity.gen.go", "`json:\"street\"`", "`json:\"road\"`"), "billing_entity.address.street", "lacks it"},
		"a type of the SDK":          {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/customer.gen.go", "type CustomerPatch struct", "type CustomerChange struct"), "customer", "has no type customerpatch"},
		"a value of the SDK":         {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/customer.gen.go", "= \"prepaid\"", "= \"paid\""), "customer.payment_mode", "no constant for prepaid"},
		"a filter of the SDK":        {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/disk.gen.go", "`query:\"size_gib_max\"`", "`query:\"x\"`"), "disk.size_gib_max", "no such parameter"},
		"an operation of no kind":    {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/general.gen.go", "func Whoami(", "func Who("), "whoami.get", "has no function"},
		"an answer of no kind":       {[]string{"controlplane/client/demarc"}, Tree.GoClient, replace("controlplane/client/demarc/general.gen.go", "`json:\"token_id\"`", "`json:\"x\"`"), "whoami.get.token_id", "lacks it"},
		"the SDK is not there":       {[]string{"controlplane/api"}, Tree.GoClient, func(*testing.T, Tree) {}, "sdk", "there is nothing in controlplane/client/demarc"},
		"the documentation is bad":   {[]string{"ansible_collections/demarc/cloud"}, Tree.Ansible, replace(modules+"customer.py", "DOCUMENTATION = r\"\"\"", "DOCUMENTATION = r\"\"\"\n{"), "customer", "the module customer: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := copied(t, c.folders...)
			c.change(t, tree)
			expect(t, c.compare(tree), c.item, c.what)
		})
	}
}

// What kinds have beside the five verbs is a method of the SDK each.
func TestPartsOfTheSDK(t *testing.T) {
	t.Parallel()
	c := *catalogOf(t)
	c.Kinds = slices.Clone(c.Kinds)
	operation := func(id string) catalog.Operation { return catalog.Operation{ID: id} }
	k := c.Kind("customer")
	k.Actions = []catalog.Action{{Name: "greet", Operation: operation("customers.greet")}}
	k.Documents = []catalog.Part{{Name: "card", Operation: operation("customers.get_card")}}
	k.Uploads = []catalog.Part{{Name: "logo", Operation: operation("customers.upload_logo")}}
	k.Streams = []catalog.Part{{Name: "visits", Operation: operation("customers.watch_visits")}}
	k.Reveals = []catalog.Reveal{{Name: "motto", Operation: operation("customers.reveal_motto")}}
	found := Tree{Root: "../..", Catalog: &c}.GoClient()
	for _, id := range []string{"customers.greet", "customers.get_card", "customers.upload_logo", "customers.watch_visits", "customers.reveal_motto"} {
		expect(t, found, id, "the Go SDK has no method for it")
	}
	expect(t, found, "customers.reveal_motto", "no type customermottoanswer")
}

// expect checks that there is such a gap, and that it says what closes it.
func expect(t *testing.T, found []Gap, item, what string) {
	t.Helper()
	i := slices.IndexFunc(found, func(g Gap) bool { return strings.HasSuffix(g.Item, item) && strings.Contains(g.What, what) })
	if i < 0 {
		t.Fatalf("want %s: %s; found %q", item, what, found)
	}
	if found[i].Remedy == "" {
		t.Error("it does not say what closes it")
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	ops := []httpapi.Op{{ID: "customers.get", Method: "GET", Path: "/customers/{id}"}}
	if found := Routes(ops, []Route{{"GET", "/api/v1/customers/:id"}, {"GET", "/livez"}}); len(found) > 0 {
		t.Errorf("found %q", found)
	}
	found := Routes(ops, []Route{{"DELETE", "/api/v1/customers/:id"}})
	expect(t, found, "customers.get", "GET /customers/{id} is not served")
	expect(t, found, "DELETE/customers/{id}", "is served by no operation")
}

func TestSpecification(t *testing.T) {
	t.Parallel()
	s, err := spec.Load(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	_, ops := app.Contract()
	for name, c := range map[string]struct {
		change     func([]httpapi.Op) []httpapi.Op
		item, what string
	}{
		"no row":     {func(o []httpapi.Op) []httpapi.Op { return o[1:] }, ops[0].ID, "is in the specification and in no table"},
		"a new row":  {func(o []httpapi.Op) []httpapi.Op { return append(o, httpapi.Op{ID: "lamps.light"}) }, "lamps.light", "is not in the specification"},
		"permission": {func(o []httpapi.Op) []httpapi.Op { o[0].Permission = "other"; return o }, ops[0].ID, "in the specification and"},
		"async":      {func(o []httpapi.Op) []httpapi.Op { o[0].Async = !o[0].Async; return o }, ops[0].ID, "in the catalog and"},
		"If-Match":   {func(o []httpapi.Op) []httpapi.Op { o[0].RequiresIfMatch = !o[0].RequiresIfMatch; return o }, ops[0].ID, "in the catalog and"},
		"of no kind": {func(o []httpapi.Op) []httpapi.Op { return append(o, httpapi.Op{ID: "hours.get"}) }, "hours.get", "is not in the catalog"},
		"of a kind": {func(o []httpapi.Op) []httpapi.Op {
			o[slices.IndexFunc(o, func(op httpapi.Op) bool { return op.ID == "whoami.get" })].Kind = "user"
			return o
		}, "whoami.get", "in the catalog and"},
		"the catalog": {func(o []httpapi.Op) []httpapi.Op { return append(o, httpapi.Op{ID: "lamps.light", Kind: "lamp"}) }, "lamps.light", "is not in the catalog"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, Specification(c.change(slices.Clone(ops)), s, catalogOf(t)), c.item, c.what)
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	c := catalogOf(t)
	commands := func() *cobra.Command { return cli.New(c, cli.Streams{Out: io.Discard, Err: io.Discard}) }
	without := func(noun, verb string) *cobra.Command {
		root := commands()
		at := root
		if verb != "" {
			at = child(root, noun)
			noun = verb
		}
		at.RemoveCommand(child(at, noun))
		return root
	}
	expect(t, CLI(c, without("customer", "")), "customer", "there is no command demarc customer")
	expect(t, CLI(c, without("customer", "create")), "customers.create", "there is no command demarc customer create")
	expect(t, CLI(c, without("virtual-machine", "reboot")), "virtual_machines.reboot", "there is no command demarc virtual-machine reboot")

	// A field that the commands were not made with.
	more := *c
	more.Kinds = slices.Clone(c.Kinds)
	k := more.Kind("customer")
	k.Fields = append(slices.Clone(k.Fields), catalog.Field{Name: "motto", Type: catalog.String}, catalog.Field{Name: "seal", Type: catalog.String, WriteOnly: true},
		catalog.Field{Name: "crest", Type: catalog.Object, Fields: []catalog.Field{{Name: "colour", Type: catalog.String}}})
	k.Filters = append(slices.Clone(k.Filters), catalog.Filter{Name: "motto"})
	more.Kind("permission").Orders = []string{"id"}
	found := CLI(&more, commands())
	expect(t, found, "customer.motto", "demarc customer create has no flag --motto")
	expect(t, found, "customer.motto", "demarc customer update has no flag --motto")
	expect(t, found, "customer.motto", "demarc customer list has no flag --motto")
	expect(t, found, "permission.order_by", "demarc permission list has no flag --order-by")
	expect(t, found, "customer.seal", "has no flag --seal-file")
	expect(t, found, "customer.crest.colour", "has no flag --crest.colour")
}

// An operation that belongs to no kind is a gap of each client that does not have it, and what a client makes of it is compared.
func TestOperationsWithoutAKind(t *testing.T) {
	t.Parallel()
	c := *catalogOf(t)
	c.Operations = append(slices.Clone(c.Operations), catalog.GeneralOperation{Operation: catalog.Operation{ID: "hours.get"}, Answer: []catalog.Field{
		{Name: "open", Type: catalog.Boolean, Computed: true}}})
	root := cli.New(&c, cli.Streams{Out: io.Discard, Err: io.Discard})
	expect(t, CLI(&c, root), "hours.get", "no command is that operation")
	root.AddCommand(&cobra.Command{Use: "hours", Annotations: map[string]string{cli.OperationAnnotation: "hours.get"}}, &cobra.Command{Use: "lamp",
		Annotations: map[string]string{cli.OperationAnnotation: "lamps.light"}})
	found := CLI(&c, root)
	expect(t, found, "lamps.light", "demarc lamp says that it is that operation, which does not exist")
	if slices.ContainsFunc(found, func(g Gap) bool { return g.Item == "hours.get" || g.Item == "whoami.get" }) {
		t.Errorf("what has a command is missing: %q", found)
	}

	tree := copied(t, "docs", "ansible_collections/demarc/cloud")
	tree.Catalog = &c
	expect(t, tree.Terraform(), "hours.get", "there is no docs/data-sources/hours.md")
	expect(t, tree.Ansible(), "hours.get", "plugins/modules/hours_info.py")
	for file, content := range map[string]string{
		"docs/data-sources/hours.md":                                     "- `close` (Boolean) Words.\n",
		"ansible_collections/demarc/cloud/plugins/modules/hours_info.py": "DOCUMENTATION = r\"\"\"\noptions: {}\n\"\"\"\nRETURN = r\"\"\"\nclose: {}\n\"\"\"\n",
	} {
		if err := os.WriteFile(tree.path(file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, tree.Terraform(), "hours.get.open", "docs/data-sources/hours.md has no open")
	found = tree.Ansible()
	expect(t, found, "hours.get.open", "does not say that it returns it")
	expect(t, found, "hours_info", "not in the action group")
}

// What is below an object is compared with each client: with the commands, and with those that have nothing for it, which is a matter of exemption.
func TestPartsOfObjects(t *testing.T) {
	t.Parallel()
	more := *catalogOf(t)
	more.Kinds = slices.Clone(more.Kinds)
	k := more.Kind("customer")
	k.Documents = []catalog.Part{{Name: "portrait", Operation: catalog.Operation{ID: "customers.get_portrait"}}}
	commands := cli.New(&more, cli.Streams{Out: io.Discard, Err: io.Discard})
	if found := CLI(&more, commands); slices.ContainsFunc(found, func(g Gap) bool { return strings.HasPrefix(g.Item, "customer") }) {
		t.Errorf("found %q", found)
	}
	k.Documents = append(k.Documents, catalog.Part{Name: "seal", Operation: catalog.Operation{ID: "customers.get_seal"}})
	expect(t, CLI(&more, commands), "customers.get_seal", "demarc customer has no command download for seal")
	k.Uploads = []catalog.Part{{Name: "letter", Operation: catalog.Operation{ID: "customers.upload_letter"}}}
	expect(t, CLI(&more, commands), "customers.upload_letter", "demarc customer has no command upload for letter")
	k.Streams = []catalog.Part{{Name: "moods", Operation: catalog.Operation{ID: "customers.watch_moods"}}}
	expect(t, CLI(&more, commands), "customers.watch_moods", "demarc customer has no command watch for moods")
	k.Reveals = []catalog.Reveal{{Name: "diary", Operation: catalog.Operation{ID: "customers.reveal_diary"}}}
	expect(t, CLI(&more, commands), "customers.reveal_diary", "the command line has nothing for what is revealed")
	tree := Tree{Root: filepath.Join("..", ".."), Catalog: &more}
	expect(t, tree.Ansible(), "customers.reveal_diary", "the collection has nothing for what is revealed")
	expect(t, tree.Terraform(), "customers.reveal_diary", "Terraform has nothing for what is revealed")
	expect(t, tree.Ansible(), "customers.watch_moods", "the collection has nothing for events")
	expect(t, tree.Terraform(), "customers.upload_letter", "Terraform has nothing for uploads")
	expect(t, tree.Terraform(), "customers.get_seal", "Terraform has nothing for documents")
	expect(t, tree.Ansible(), "customers.get_seal", "the collection has nothing for documents")
}

// Terraform has an ephemeral resource in the place of a resource whose secret its state would keep, and no list of what is there once.
func TestTerraformOfSecretsAndSingletons(t *testing.T) {
	t.Parallel()
	id := catalog.Field{Name: "id", Type: catalog.String, Computed: true}
	verbs := func(names ...string) map[string]catalog.Operation {
		out := map[string]catalog.Operation{}
		for _, n := range names {
			out[n] = catalog.Operation{}
		}
		return out
	}
	token := catalog.Kind{Name: "api_token", Plural: "api_tokens", Named: true, Managed: true, Operations: verbs("create", "get", "list", "delete"), Fields: []catalog.Field{
		id, {Name: "name", Type: catalog.String, Required: true}, {Name: "account_id", Type: catalog.String, Required: true, Immutable: true},
		{Name: "token", Type: catalog.String, Computed: true, Nullable: true, ShownOnce: true}}}
	policy := catalog.Kind{Name: "policy", Plural: "policies", Managed: true, Singleton: true, Key: []string{"scope_id"}, Operations: verbs("get", "update", "delete"),
		Fields: []catalog.Field{{Name: "scope_id", Type: catalog.String, Required: true, Immutable: true}}}
	pages := map[string]string{
		"ephemeral-resources/service_account_token.md": "id account_id token",
		"data-sources/api_token.md":                    "id name account_id",
		"data-sources/api_tokens.md":                   "label q",
		"resources/policy.md":                          "scope_id",
		"data-sources/policy.md":                       "scope_id",
	}
	page := func(attributes string) []byte {
		var b strings.Builder
		for _, a := range strings.Fields(attributes) {
			b.WriteString("- `" + a + "` (String) Words.\n")
		}
		return []byte(b.String())
	}
	for name, c := range map[string]struct {
		change     func(pages map[string]string, kinds []catalog.Kind)
		item, what string
	}{
		"complete":              {func(map[string]string, []catalog.Kind) {}, "", ""},
		"no ephemeral resource": {func(p map[string]string, _ []catalog.Kind) { delete(p, "ephemeral-resources/service_account_token.md") }, "api_token", "there is no docs/ephemeral-resources"},
		"without its secret": {func(p map[string]string, _ []catalog.Kind) {
			p["ephemeral-resources/service_account_token.md"] = "id account_id"
		}, "api_token.token", "has no token"},
		"without its parent": {func(p map[string]string, _ []catalog.Kind) {
			p["ephemeral-resources/service_account_token.md"] = "id token"
		}, "api_token.account_id", "has no account_id"},
		"a resource that keeps it":     {func(p map[string]string, _ []catalog.Kind) { p["resources/api_token.md"] = "id" }, "api_token", "docs/resources/api_token.md belongs to no kind"},
		"a list of what is there once": {func(p map[string]string, _ []catalog.Kind) { p["data-sources/policies.md"] = "scope_id" }, "policies", "belongs to no kind"},
		"no resource of it":            {func(p map[string]string, _ []catalog.Kind) { delete(p, "resources/policy.md") }, "policy", "there is no docs/resources/policy.md"},
		"a secret that nobody knows": {func(_ map[string]string, k []catalog.Kind) {
			k[1].Fields = append(k[1].Fields, catalog.Field{Name: "key", ShownOnce: true})
		}, "policy", "has an ephemeral resource if"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kinds, files := []catalog.Kind{token, policy}, maps.Clone(pages)
			c.change(files, kinds)
			tree := Tree{Root: t.TempDir(), Catalog: &catalog.Catalog{Kinds: kinds}}
			for file, attributes := range files {
				p := tree.path("docs", file)
				if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
					t.Fatal(err)
				}
				content := page(attributes)
				if file == "data-sources/api_tokens.md" {
					content = append(content, "### Nested Schema for `items`\n"+string(page("id name account_id"))...)
				}
				if err := os.WriteFile(p, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			found := tree.Terraform()
			if c.what != "" {
				expect(t, found, c.item, c.what)
			} else if len(found) > 0 {
				t.Errorf("found %q", found)
			}
		})
	}
}

func TestExemptions(t *testing.T) {
	t.Parallel()
	found := []Gap{{Item: "customer.motto", What: "it is missing", Remedy: "write it"}}
	for name, c := range map[string]struct {
		file, want, err string
	}{
		"none":             {"", "terraform: customer.motto: it is missing. What adds it: write it. What is not meant to be: a line in controlplane/api/exempt/terraform.txt", ""},
		"one with reason":  {"# comment\n\ncustomer.motto  nobody has one\n", "", ""},
		"a stale one":      {"customer.motto  nobody has one\ncustomer.email  gone\n", "terraform: customer.email: nothing of it is missing any more", ""},
		"without a reason": {"customer.motto\n", "", "is exempt without a reason"},
		"twice":            {"customer.motto  a\ncustomer.motto  b\n", "", "stands twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := Tree{Root: t.TempDir()}
			if c.file != "" {
				if err := os.MkdirAll(tree.path("controlplane/api/exempt"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(tree.path("controlplane/api/exempt/terraform.txt"), []byte(c.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			failures, err := tree.Failures(AreaTerraform, found)
			switch {
			case c.err != "":
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
			case err != nil:
				t.Error(err)
			case c.want == "" && len(failures) > 0, c.want != "" && (len(failures) != 1 || !strings.HasPrefix(failures[0], c.want)):
				t.Errorf("got %q, want %q", failures, c.want)
			}
		})
	}
}

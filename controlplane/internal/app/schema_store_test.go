package app

// The schema against the registry: what a migration wrote is held against what the kinds say. What is found and meant to be so stands, with
// its reason, in controlplane/api/exempt/schema.txt.

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/permission"
	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/parity"
)

// schema is a database, and what should be in it.
type schema struct {
	t     *testing.T
	db    *db.DB
	kinds []resource.Kind // those with a table
	// catalogue is the contract as its clients see it.
	catalogue *catalog.Catalog
	leading   map[string]string // by index, the column that it begins with
	gaps      []parity.Gap
}

func newSchema(t *testing.T, d *db.DB) *schema {
	t.Helper()
	s := &schema{t: t, db: d}
	all, _ := Contract()
	for _, k := range all {
		if k.Table() != "" {
			s.kinds = append(s.kinds, k)
		}
	}
	var err error
	s.catalogue, err = catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// gap notes what is missing.
func (s *schema) gap(item, format string, args ...any) {
	s.gaps = append(s.gaps, parity.Gap{Item: item, What: fmt.Sprintf(format, args...), Remedy: "a migration"})
}

// items are those of the gaps.
func (s *schema) items() []string {
	var out []string
	for _, g := range s.gaps {
		out = append(out, g.Item)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *schema) rows(query string, args ...any) [][]string {
	s.t.Helper()
	rows, err := s.db.Pool().Query(s.t.Context(), query, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		values, err := row.Values()
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = fmt.Sprint(v)
		}
		return texts, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// template is what the kind's table is made from.
func template(k resource.Kind) string {
	if k.Named {
		return "named_kind"
	}
	return "kind"
}

// features are the columns, checks and indexes of a table, by a name that is the same in a table made from it, as they are defined.
func (s *schema) features(table string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, r := range s.rows(`SELECT a.attname::text, format_type(a.atttypid, a.atttypmod) || ' ' || a.attcollation::regcollation::text
		|| CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped`, table) {
		out[r[0]] = r[1]
	}
	for _, r := range s.rows("SELECT conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'c'", table) {
		out[r[0]] = r[1]
	}
	for _, r := range s.rows("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::text::regclass", table) {
		before, after, _ := strings.Cut(r[0], " USING ")
		kind := "index"
		if strings.Contains(before, "UNIQUE") {
			kind = "unique index"
		}
		out["index "+after] = kind
	}
	return out
}

// columns holds every kind's table against its template.
func (s *schema) columns() {
	s.t.Helper()
	for _, k := range s.kinds {
		want, got := s.features(template(k)), s.features(k.Table())
		var differs []string
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if got[name] != want[name] {
				differs = append(differs, fmt.Sprintf("%s is %q, not %q", name, got[name], want[name]))
			}
		}
		if differs != nil {
			s.gap(k.Name+":template", "its table differs from %s: %s", template(k), strings.Join(differs, "; "))
		}
	}
}

// link is a column that refers to an object.
type link struct {
	item, table, column string
	to                  []string // kinds; of any if there is none
}

// links are those that the kinds declare, and the references among their fields that are columns.
func (s *schema) links() []link {
	s.t.Helper()
	shared, seen := s.features("kind"), map[string]bool{}
	var out []link
	for _, k := range s.kinds {
		columns := s.features(k.Table())
		add := func(column string, to ...string) {
			l := link{k.Name + "." + column, k.Table(), column, to}
			if _, common := shared[column]; common && column == "operation_id" { // of every kind alike
				l.item = "kind." + column
			}
			if !seen[l.table+"."+l.column] {
				seen[l.table+"."+l.column] = true
				out = append(out, l)
			}
		}
		declared := slices.Concat(k.Needs, k.Scopes)
		if k.Parent != nil {
			declared = append(declared, *k.Parent)
		}
		for _, d := range declared {
			if d.Kind == "" {
				add(d.Field)
			} else {
				add(d.Field, append([]string{d.Kind}, d.Or...)...)
			}
		}
		for _, f := range s.catalogue.Kind(k.Name).Fields {
			if _, is := columns[f.Name]; is && len(f.Ref) > 0 {
				add(f.Name, f.Ref...)
			}
		}
	}
	return out
}

// references finds links without a foreign key, and without an index by which what refers to an object is found.
func (s *schema) references() {
	s.t.Helper()
	keys := map[string]string{} // table.column → table
	for _, r := range s.rows(`SELECT conrelid::regclass || '.' || a.attname, confrelid::regclass::text FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] WHERE contype = 'f' AND array_length(conkey, 1) = 1`) {
		keys[r[0]] = r[1]
	}
	for _, l := range s.links() {
		to := ""
		if len(l.to) == 1 {
			to = s.tableOf(l.to[0])
		}
		if to == "" || keys[l.table+"."+l.column] != to {
			s.gap(l.item+":foreign-key", "%s.%s refers to %s and has no foreign key", l.table, l.column, cmp.Or(strings.Join(l.to, " or "), "anything"))
		}
		s.found(l.item+":index", l.table, l.column)
	}
	// What is not a kind has foreign keys too, and the row that they are to is looked for when it goes.
	for key := range keys {
		if table, column, _ := strings.Cut(key, "."); !strings.HasPrefix(table, "river_") {
			s.found(key+":index", table, column)
		}
	}
}

func (s *schema) tableOf(kind string) string {
	for _, k := range s.kinds {
		if k.Name == kind {
			return k.Table()
		}
	}
	return ""
}

// found explains a look-up by one column.
func (s *schema) found(item, table, column string) {
	s.t.Helper()
	plan := s.explain([]string{"enable_seqscan"}, statement{fmt.Sprintf("SELECT FROM %s WHERE %s = $1", table, column), []any{"x_1"}})
	found := false
	plan.each(func(st step, _ []string) { found = found || s.begins(st) })
	if !found {
		s.gap(item, "%s.%s has no index", table, column)
	}
}

// statement is one as it was sent.
type statement struct {
	sql  string
	args []any
}

// plan is how PostgreSQL would go about a statement.
type plan struct{ root step }

// step is a step of a plan.
type step struct {
	Type      string  `json:"Node Type"`
	Relation  string  `json:"Relation Name"`
	Index     string  `json:"Index Name"`
	Condition string  `json:"Index Cond"`
	Recheck   string  `json:"Recheck Cond"`
	Filter    string  `json:"Filter"`
	Rows      float64 `json:"Actual Rows"`
	Loops     float64 `json:"Actual Loops"`
	Removed   float64 `json:"Rows Removed by Filter"`
	Plans     []step  `json:"Plans"`
}

// begins says whether a step goes through an index by the column that this begins with: by any other it would walk all of it.
func (s *schema) begins(st step) bool {
	s.t.Helper()
	if st.Condition == "" || st.Index == "" {
		return false
	}
	if s.leading == nil {
		s.leading = map[string]string{}
		for _, r := range s.rows("SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid, 1, true) FROM pg_index") {
			s.leading[r[0]] = r[1]
		}
	}
	return mentions(st.Condition, s.leading[st.Index])
}

// mentions says whether a column is part of a condition.
func mentions(condition, column string) bool {
	return column != "" && regexp.MustCompile(`(^|[^\w.]|\w\.)`+regexp.QuoteMeta(column)+`\b`).MatchString(condition)
}

// explain plans a statement without what is named.
func (s *schema) explain(without []string, st statement, options ...string) plan {
	s.t.Helper()
	tx, err := s.db.Pool().Begin(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(s.t.Context())) }()
	for _, setting := range without {
		if _, err := tx.Exec(s.t.Context(), "SET LOCAL "+setting+" = off"); err != nil {
			s.t.Fatal(err)
		}
	}
	var out string
	explain := "EXPLAIN (" + strings.Join(append(options, "FORMAT JSON"), ", ") + ") "
	if err := tx.QueryRow(s.t.Context(), explain+st.sql, st.args...).Scan(&out); err != nil {
		s.t.Fatalf("%s: %v", st.sql, err)
	}
	var plans []struct{ Plan step }
	if err := json.Unmarshal([]byte(out), &plans); err != nil {
		s.t.Fatal(err)
	}
	return plan{plans[0].Plan}
}

// queryLog notes the queries that requests send, with their arguments.
type queryLog struct {
	mu sync.Mutex
	of map[string][]statement
}

func newQueryLog(t *testing.T, d *db.DB) *queryLog {
	t.Helper()
	l := &queryLog{of: map[string][]statement{}}
	err := d.Conn(t.Context()).Callback().Query().After("gorm:query").Register("queries", func(tx *gorm.DB) {
		l.mu.Lock()
		defer l.mu.Unlock()
		request := requestid.From(tx.Statement.Context)
		if of, asked := l.of[request]; asked && !tx.DryRun {
			l.of[request] = append(of, statement{tx.Statement.SQL.String(), slices.Clone(tx.Statement.Vars)})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *queryLog) begin(request string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of[request] = nil
}

func (l *queryLog) end(request string) []statement {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer delete(l.of, request)
	return l.of[request]
}

// lister asks a server for lists, and PostgreSQL how it makes them.
type lister struct {
	*schema
	*node
	owner   string            // token of who sees everything
	readers map[string]string // tokens of those who see a part, by what that is
}

// newLister starts a server, and makes somebody who reads in each kind of scope.
func newLister(s *site, spoil ...string) *lister {
	t := s.t
	t.Helper()
	n := s.start(parts{})
	l := &lister{schema: newSchema(t, n.db), node: n, owner: ownerToken, readers: map[string]string{}}
	post := func(path string, body map[string]any) string {
		return n.must(ownerToken, http.MethodPost, path, body).text("id")
	}
	var reads []string
	_, ops := Contract()
	known := httpapi.Permissions(ops)
	for _, p := range permission.IDs(ops) {
		if known.Reads[p] {
			reads = append(reads, p)
		}
	}
	role := post("/roles", map[string]any{"name": "reader", "owner_id": n.root, "permissions": reads})
	entity := post("/billing-entities", map[string]any{"name": "north", "parent_id": n.root, "currency": "EUR", "customer_limit": 10})
	customer := post("/customers", map[string]any{"name": "acme", "billing_entity_id": entity, "email": "it@example.com"})
	location := n.items(ownerToken, "/locations")[0].text("id")
	cloudspace := post("/cloudspaces", map[string]any{"name": "web", "customer_id": customer, "location_id": location})
	for name, scopes := range map[string][]string{
		"billing-entity": {entity}, "customer": {customer}, "location": {location}, "cloudspace": {cloudspace},
		"several": {entity, customer, location, cloudspace},
	} {
		p := n.account(n.root, "reads-"+name)
		for _, scope := range scopes {
			n.bind(p, role, scope)
		}
		l.readers[name] = p.token
	}
	for _, statement := range spoil {
		n.check(n.db.Conn(t.Context()).Exec(statement).Error)
	}
	return l
}

// page is the statement that reads a page of a kind.
func (l *lister) page(k resource.Kind, token, query string) statement {
	t := l.node.t
	t.Helper()
	r := l.send(ask{token: token, method: http.MethodGet, path: k.Path() + "?" + query})
	if r.status != http.StatusOK {
		t.Fatalf("%s?%s: %d: %s", k.Path(), query, r.status, r.body)
	}
	for _, st := range r.queries {
		if strings.Contains(st.sql, `"`+k.Table()+`"`) && strings.Contains(st.sql, "LIMIT") {
			return st
		}
	}
	t.Fatalf("%s?%s: no page was read", k.Path(), query)
	return statement{}
}

// lists finds lists that are not made by keys: of everybody who sees a part, by each filter, by labels, by name.
func (l *lister) lists(kinds ...resource.Kind) {
	for _, k := range kinds {
		of := l.catalogue.Kind(k.Name)
		if _, listed := of.Operations[httpapi.List]; !listed {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(l.readers)) {
			p := l.explain(onlyIndexes, l.page(k, l.readers[name], ""))
			if wrong := l.faults(p, k); wrong != nil {
				l.gap(k.Name+":list-by-"+name, "the list of one who sees what is in a %s %s", name, strings.Join(wrong, "; "))
			}
		}
		for _, f := range of.Filters {
			for _, value := range samples(l.schema, f) {
				l.filter(k, k.Name+"."+f.Name+":filter", f.Name+"="+url.QueryEscape(value), inOrder...)
			}
		}
		for _, order := range of.Orderings() {
			l.order(k, k.Name+"."+strings.TrimPrefix(order, "-")+":order", "order_by="+order)
		}
		if !k.Named {
			continue
		}
		// What indexes on names and on labels find is in another order than the page, and is sorted, if that is less than what a walk in the order
		// of the page would look at: without such walks only they are left.
		for query, item := range map[string]string{
			"path=web": k.Name + ".path:filter", "label=env%3Dprod": k.Name + ".labels:filter", "label=env": k.Name + ".labels:filter",
			"label=env!%3Dprod": "named_kind.labels:negative", "label=!env": "named_kind.labels:negative", "q=web": "named_kind.q:filter",
		} {
			l.filter(k, item, query, "enable_seqscan", "enable_indexscan", "enable_indexonlyscan")
		}
	}
}

// inOrder leaves a plan what finds a page in its order: neither a walk through a table nor a sort of what was found.
var inOrder = []string{"enable_seqscan", "enable_sort", "enable_incremental_sort"}

// filter finds a filter that no index knows: one by which rows are looked at and left out, or found in another order than that of the page.
func (l *lister) filter(k resource.Kind, item, query string, without ...string) {
	p := l.explain(without, l.page(k, l.owner, query))
	var filtered, found, sorted bool
	p.each(func(s step, above []string) {
		filtered = filtered || s.Filter != "" && s.Filter != "(recycled_at IS NULL)" && s.Relation == k.Table() // few of one name are recycled
		found = found || l.begins(s)
		sorted = sorted || slices.Contains(without, "enable_sort") && s.Relation == k.Table() && sorts(above)
	})
	if filtered || !found {
		l.gap(item, "%s?%s is found by no index", k.Path(), query)
	} else if sorted {
		l.gap(item, "%s?%s is found by an index in another order than that of the page", k.Path(), query)
	}
}

// order finds an order that no index is in.
func (l *lister) order(k resource.Kind, item, query string) {
	l.explain(inOrder, l.page(k, l.owner, query)).each(func(s step, above []string) {
		if s.Relation == k.Table() && (s.Type == "Seq Scan" || s.Filter != "" || sorts(above)) {
			l.gap(item, "%s?%s: no index is in that order", k.Path(), query)
		}
	})
}

// sorts says whether all that a step finds is sorted: the page itself, once it is found, may be.
func sorts(above []string) bool {
	for _, step := range above {
		if step == "Limit" {
			return false
		}
		if strings.Contains(step, "Sort") || strings.Contains(step, "Aggregate") || step == "Unique" {
			return true
		}
	}
	return false
}

// samples are values of a filter; of one that takes several, also so many that each has a query of its own, and more.
func samples(s *schema, f catalog.Filter) []string {
	one := sample(s, f)
	if !f.Many {
		return []string{one}
	}
	var few, many []string
	for _, value := range f.Enum {
		if value != mostly[f.Name] {
			few = append(few, value)
		}
	}
	for range 12 {
		if few == nil {
			many = append(many, sample(s, f))
		}
	}
	if few == nil {
		few = many[:2]
	}
	out := []string{one, strings.Join(few, ",")}
	if many != nil {
		out = append(out, strings.Join(many, ","))
	}
	return out
}

// mostly are the values that nearly all rows have. On purpose no index finds them: a walk in the order of the page does as soon.
var mostly = map[string]string{"outcome": audit.Succeeded, "state": resource.Active}

// sample is a value of a filter.
func sample(s *schema, f catalog.Filter) string {
	switch {
	case len(f.Enum) > 0 && f.Enum[0] == mostly[f.Name]:
		return f.Enum[1]
	case len(f.Enum) > 0:
		return f.Enum[0]
	case f.Format == "date-time":
		return "2026-01-01T00:00:00Z"
	case f.Type == "boolean":
		return "true"
	case f.Type == "integer":
		return "1024"
	}
	for _, kind := range f.Ref {
		if kind != authz.Platform {
			return id.New(s.catalogue.Kind(kind).Prefix)
		}
	}
	return "x"
}

// onlyIndexes leaves a plan nothing but walks along indexes: on tables that are nearly empty all else is as cheap. What is chosen in full ones
// shows the slow test. Sorts are not among it: a page is sorted when the scopes' pages are put together, and that is in order.
var onlyIndexes = []string{"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"}

// byKey is the condition of a look-up of rows whose keys are known.
var byKey = regexp.MustCompile(`(^|[^_a-z])id\)?(::text)? = `)

// each visits the steps of a plan; above are those that a step is a part of, the nearest first.
func (p plan) each(visit func(s step, above []string)) {
	var walk func(s step, above []string)
	walk = func(s step, above []string) {
		visit(s, above)
		for _, below := range s.Plans {
			walk(below, append([]string{s.Type}, above...))
		}
	}
	walk(p.root, nil)
}

// faults are what is wrong with the plan of a page that is made by keys: it must not walk a table, sort more than pages, or look at rows to
// leave them out.
func (s *schema) faults(p plan, k resource.Kind) []string {
	var out []string
	p.each(func(st step, above []string) {
		condition := st.Condition + st.Recheck
		switch {
		case st.Type == "Seq Scan":
			out = append(out, "walks the whole of "+st.Relation)
			return
		case st.Relation == "" || st.Relation != k.Table() && st.Relation != k.ScopeTable, byKey.MatchString(condition) && !strings.Contains(condition, " OR "):
			return // a look-up of rows whose keys are known, or in what the kind offers to others
		}
		for _, column := range scopesOf(k) {
			if mentions(st.Filter, column) {
				out = append(out, "has a plain condition on "+column+": "+st.Filter)
			}
		}
		if st.Filter != "" && condition == "" || st.Condition != "" && !s.begins(st) {
			out = append(out, "looks at each row of "+st.Relation+": "+st.Filter+st.Condition)
		}
		if sorts(above) {
			out = append(out, "sorts all that it finds in "+st.Relation)
		}
	})
	return out
}

// scopesOf are the columns by which rows of a kind are seen.
func scopesOf(k resource.Kind) []string {
	out := []string{resource.BillingEntityColumn, resource.CustomerColumn, "scope_id"}
	for _, l := range k.Scopes {
		out = append(out, l.Field)
	}
	return out
}

// report fails the test for each gap without a reason, and for each reason without a gap.
func (s *schema) report() {
	s.t.Helper()
	failures, err := parity.Tree{Root: filepath.Join("..", "..", "..")}.Failures(parity.AreaSchema, s.gaps)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range failures {
		s.t.Error(f)
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	l := newLister(newSite(t))
	l.columns()
	l.references()
	l.lists(l.kinds...)
	l.report()
}

// What the test of the schema is for, it finds.
func TestSchemaFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	sound := newSchema(t, dbtest.New(t))
	sound.columns()
	sound.references()
	for name, c := range map[string]struct {
		spoil string
		want  []string
	}{
		"column dropped":      {"ALTER TABLE disk DROP COLUMN notes", []string{"disk:template"}},
		"column of its own":   {"ALTER TABLE disk ALTER COLUMN purge_at TYPE timestamp", []string{"disk:template"}},
		"may be null":         {"ALTER TABLE disk ALTER COLUMN labels DROP NOT NULL", []string{"disk:template"}},
		"default":             {"ALTER TABLE disk ALTER COLUMN labels DROP DEFAULT", []string{"disk:template"}},
		"collation":           {"ALTER TABLE disk ALTER COLUMN name TYPE text COLLATE \"POSIX\"", []string{"disk:template"}},
		"check":               {"ALTER TABLE role_binding DROP CONSTRAINT kind_recycled_check", []string{"role_binding:template"}},
		"another check":       {"ALTER TABLE role_binding DROP CONSTRAINT kind_recycled_check, ADD CONSTRAINT kind_recycled_check CHECK (true)", []string{"role_binding:template"}},
		"index of all":        {"DROP INDEX image_labels_idx", []string{"image:template"}},
		"template that grew":  {"ALTER TABLE kind ADD COLUMN since text", []string{"location_access:template", "role_binding:template"}},
		"no foreign key":      {"ALTER TABLE disk DROP CONSTRAINT disk_cloudspace_id_fkey", []string{"disk.cloudspace_id:foreign-key"}},
		"another's key":       {"ALTER TABLE disk DROP CONSTRAINT disk_location_id_fkey, ADD FOREIGN KEY (location_id) REFERENCES image", []string{"disk.location_id:foreign-key"}},
		"link without index":  {"DROP INDEX disk_virtual_machine_id_idx", []string{"disk.virtual_machine_id:index"}},
		"scope without index": {"DROP INDEX virtual_machine_location_id_idx", []string{"virtual_machine.location_id:index"}},
		"side table":          {"DROP INDEX role_binding_scope_id_idx1", []string{"role_binding_scope.id:index"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSchema(t, dbtest.New(t))
			if err := s.db.Conn(t.Context()).Exec(c.spoil).Error; err != nil {
				t.Fatal(err)
			}
			s.columns()
			s.references()
			var found []string
			for _, item := range s.items() {
				if !slices.Contains(sound.items(), item) {
					found = append(found, item)
				}
			}
			if !slices.Equal(found, c.want) {
				t.Errorf("it finds %v, want %v", found, c.want)
			}
		})
	}
}

// Lists of a server whose database lacks indexes.
func TestSchemaFindsListsThatAreNotMadeByKeys(t *testing.T) {
	t.Parallel()
	l := newLister(newSite(t), "DROP INDEX virtual_machine_location_id_idx", "DROP INDEX virtual_machine_image_id_idx", "DROP INDEX virtual_machine_labels_idx",
		"DROP INDEX virtual_machine_name_key", "DROP INDEX virtual_machine_name_id_idx", "DROP INDEX virtual_machine_power_state_idx",
		"DROP INDEX virtual_machine_memory_mib_order_idx", "DROP INDEX role_binding_expires_at_order_idx", "ALTER TABLE role_binding_scope DROP CONSTRAINT role_binding_scope_pkey", "DROP INDEX operation_state_idx")
	for _, k := range l.kinds {
		if slices.Contains([]string{"virtual_machine", "role_binding", "operation"}, k.Name) {
			l.lists(k)
		}
	}
	found := l.schema.items()
	for _, want := range []string{"virtual_machine:list-by-location", "virtual_machine:list-by-several", "virtual_machine.image_id:filter", "virtual_machine.labels:filter",
		"virtual_machine.path:filter", "virtual_machine.name:order", "virtual_machine.power_state:filter", "virtual_machine.memory_mib:order",
		"virtual_machine.memory_mib_min:filter", "virtual_machine.memory_mib_max:filter", "role_binding.expires_at:order", "role_binding.expires_at_until:filter", "role_binding:list-by-location", "operation.state:filter"} {
		if !slices.Contains(found, want) {
			t.Errorf("%s is not found, but %v", want, found)
		}
	}
	if slices.Contains(found, "virtual_machine:list-by-customer") || slices.Contains(found, "virtual_machine.created_at_from:filter") || slices.Contains(found, "virtual_machine.created_at:order") || slices.Contains(found, "operation:list-by-location") {
		t.Errorf("what is sound is found too: %v", found)
	}
}

// A kind whose list is made by a plain condition on what it is in, with every index that there could be.
func TestSchemaFindsAPlainCondition(t *testing.T) {
	t.Parallel()
	s := newSchema(t, dbtest.New(t))
	for _, order := range []string{"CREATE TABLE crate (LIKE named_kind INCLUDING ALL, location_id object_id NOT NULL)", "SELECT index_kind('crate', scopes => '{location_id}')"} {
		if err := s.db.Conn(t.Context()).Exec(order).Error; err != nil {
			t.Fatal(err)
		}
	}
	crate := resource.Kind{Name: "crate", Named: true, Scopes: []resource.Link{{Kind: "location", Field: "location_id"}}}
	access := authz.Access{BillingEntities: []string{"ben_1", "ben_2"}, Customers: []string{"cus_1"}, Objects: []string{"loc_1"}}
	ctx := authz.With(t.Context(), access)
	written := func(q *gorm.DB) statement {
		var rows []struct{ ID string }
		sent := q.Session(&gorm.Session{DryRun: true}).Find(&rows).Statement
		return statement{sent.SQL.String(), sent.Vars}
	}
	where, args, err := resource.ScopeCondition(ctx, resource.NewRegistry(), crate)
	if err != nil {
		t.Fatal(err)
	}
	plain := written(s.db.Conn(ctx).Table("crate").Where(where, args...).Order("customer_id, id").Limit(51))
	if wrong := s.faults(s.explain(onlyIndexes, plain), crate); wrong == nil {
		t.Error("a plain condition is not found")
	}
	keys, err := resource.PageQuery(ctx, s.db, resource.NewRegistry(), crate, resource.Order{Columns: []string{"customer_id", "id"}, Limit: 51}, resource.Narrowing{})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := s.faults(s.explain(onlyIndexes, written(keys)), crate); wrong != nil {
		t.Errorf("a list by keys: %v", wrong)
	}
}

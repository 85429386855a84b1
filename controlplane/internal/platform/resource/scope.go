package resource

// What a caller may see, as SQL. An access says it once; here it becomes a condition on one row, or the query of a page.

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// everyRow is the condition of who sees all.
const everyRow = "true"

// IDs is a text[] of PostgreSQL.
type IDs []string

var arrayEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Value implements driver.Valuer.
func (s IDs) Value() (driver.Value, error) {
	quoted := make([]string, len(s))
	for i, one := range s {
		quoted[i] = `"` + arrayEscape.Replace(one) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}", nil
}

// ScopeCondition is a condition on the kind's table that holds for the rows that the context may see. It fails without an access.
func ScopeCondition(ctx context.Context, r *Registry, k Kind) (string, []any, error) {
	access, err := authz.From(ctx)
	if err != nil {
		return "", nil, err
	}
	where, args := condition(access, r, k)
	return where, args, nil
}

func condition(a authz.Access, r *Registry, k Kind) (string, []any) {
	if a.All {
		return everyRow, nil
	}
	var parts []string
	var args []any
	for _, b := range branches(a, r, k) {
		where, of := b.where(k)
		parts, args = append(parts, where), append(args, of...)
	}
	if parts == nil {
		return "false", nil
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}

// branch is one way to be visible: a column that holds one of some ids, or a condition of the kind's own.
type branch struct {
	table, column string // the table is the kind's own, or the one of its scopes
	ids           []string
	few           bool // rows in each: what one customer has, or somebody offers
	condition     string
	args          []any
}

// in is a branch of the kind's own table.
func in(k Kind, column string, of []string) branch {
	return branch{table: k.Table(), column: column, ids: of}
}

func (b branch) ofFew() branch {
	b.few = true
	return b
}

func (b branch) where(k Kind) (string, []any) {
	switch {
	case b.column == "":
		return "(" + b.condition + ")", b.args
	case b.table != k.Table():
		return k.Table() + ".id IN (SELECT id FROM " + b.table + " WHERE " + b.column + " = ANY(?::text[]))", []any{IDs(b.ids)}
	}
	return b.table + "." + b.column + " = ANY(?::text[])", []any{IDs(b.ids)}
}

func branches(a authz.Access, r *Registry, k Kind) []branch {
	var out []branch
	if len(a.BillingEntities) > 0 {
		out = append(out, in(k, BillingEntityColumn, a.BillingEntities))
	}
	if len(a.Customers) > 0 {
		out = append(out, in(k, CustomerColumn, a.Customers).ofFew())
	}
	if len(a.Objects) > 0 {
		out = append(out, in(k, "id", a.Objects))
		for _, link := range k.Scopes {
			if of := r.among(a.Objects, link); len(of) > 0 {
				out = append(out, in(k, link.Field, of))
			}
		}
		if k.ScopeTable != "" {
			out = append(out, branch{table: k.ScopeTable, column: "scope_id", ids: a.Objects})
		}
	}
	if a.Shared && k.Shared != nil {
		for _, o := range k.Shared(a) {
			switch {
			case o.Field == "":
				out = append(out, branch{condition: o.Where, args: o.Args})
			case len(o.In) > 0:
				out = append(out, in(k, o.Field, o.In).ofFew())
			}
		}
	}
	return out
}

// Order is how a page is sorted, where it begins, and how many rows it has at most. The columns tell rows apart.
type Order struct {
	Columns []string
	Desc    bool
	After   []any // the values of the last row of the page before, none on the first page
	Limit   int
}

// of sorts a query by the columns of one of its tables.
func (o Order) of(table string, q *gorm.DB) *gorm.DB {
	direction, comparison := "", ">"
	if o.Desc {
		direction, comparison = " DESC", "<"
	}
	columns := make([]string, len(o.Columns))
	for i, c := range o.Columns {
		columns[i] = table + "." + c
	}
	if o.After != nil {
		q = q.Where("("+strings.Join(columns, ", ")+") "+comparison+" ?", o.After)
	}
	return q.Order(strings.Join(columns, direction+", ") + direction).Limit(o.Limit)
}

// Up to so many scopes of one column, and values of a filter, are each asked by a query of its own. PostgreSQL knows how much is in each then, and
// not only how much there is in one on average: some hold nearly everything, and others little. The values of an enumeration are so few.
const (
	oneByOne       = 4
	valuesOneByOne = 8
)

// PageQuery is the query of one page of a kind's rows, of those that the context may see. Nil: there is nothing to see.
func PageQuery(ctx context.Context, d *db.DB, r *Registry, k Kind, o Order, n Narrowing) (*gorm.DB, error) {
	access, err := authz.From(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(ctx, d, r, k, access, o, n), nil
}

// pageOf is PageQuery for an access. A plain condition on ancestors makes PostgreSQL walk an index in the order of the page and filter, which is
// slow where the caller sees little of much; so each scope is asked for the keys of its own first rows, and the page is the first of these. So
// it is with each of several values of a filter: in an index on its column, only what has the same value is in the order of the page.
func pageOf(ctx context.Context, d *db.DB, r *Registry, k Kind, a authz.Access, o Order, n Narrowing) *gorm.DB {
	table := func() *gorm.DB { return d.Conn(ctx).Table(k.Table()) }
	all := branches(a, r, k)
	switch {
	case a.All && n.values == nil:
		return o.of(k.Table(), n.of(table()))
	case a.All:
		all = []branch{{condition: everyRow}}
	case len(all) == 0:
		return nil
	}
	found := union{order: o, narrowing: n, keys: slices.Compact(slices.Sorted(slices.Values(append([]string{"id"}, o.Columns...))))}
	for i, c := range found.keys {
		found.keys[i] = k.Table() + "." + c
	}
	for _, b := range all {
		if b.column == "" || b.table == k.Table() && b.column == "id" {
			where, of := b.where(k)
			found.add(k.Table(), n.of(table().Where(where, of...)))
			continue
		}
		sorted, standing := b.table, o.Columns[0] == CustomerColumn || o.Columns[0] == "id"
		if !standing {
			sorted = k.Table() // the table of scopes has no other
		}
		in := func(scope string, of ...any) *gorm.DB {
			first := table()
			if b.table != k.Table() { // its index is in the standing order
				first = first.Joins("JOIN " + b.table + " ON " + b.table + ".id = " + k.Table() + ".id")
			}
			first = n.of(first.Where(b.table+"."+b.column+" = "+scope, of...))
			if b.few && !standing {
				// All of them are found and sorted. PostgreSQL would walk along the order, in the hope to come across them soon.
				first = d.Conn(ctx).Table("(? OFFSET 0) AS "+k.Table(), first.Select(k.Table()+".*"))
			}
			return first
		}
		if len(b.ids) > oneByOne {
			found.add(sorted, in("scope.one"), turns{"scope", b.ids})
			continue
		}
		for _, scope := range b.ids {
			found.add(sorted, in("?", scope))
		}
	}
	// A row that two scopes have in common counts once.
	once := d.Conn(ctx).Table("("+strings.Join(found.parts, " UNION ALL ")+") AS found", found.args...).
		Select("DISTINCT ON (" + strings.Join(o.Columns, ", ") + ") found.id")
	first := o
	first.After = nil // it is where the parts' pages begin
	return first.of(k.Table(), table().Where(k.Table()+".id IN (?)", first.of("found", once)))
}

// union is made of the pages of parts of what is listed.
type union struct {
	order     Order
	narrowing Narrowing
	keys      []string
	parts     []string
	args      []any
}

// turns has a query take its turn with each of some values: <name>.one in it is one of them.
type turns struct {
	name   string
	values []string
}

// add adds the page of a query, once for each of the values that the narrowing has several of. It is sorted by columns of the table that is
// named.
func (u *union) add(sorted string, q *gorm.DB, by ...turns) {
	several := u.narrowing
	q = q.Select(u.keys).Session(&gorm.Session{})
	switch {
	case several.values == nil:
		u.page(u.order.of(sorted, q), by)
	case len(several.values) <= valuesOneByOne:
		for _, v := range several.values {
			u.page(u.order.of(sorted, q.Where(clause.Eq{Column: several.column, Value: v})), by)
		}
	default:
		q = q.Where(clause.Eq{Column: several.column, Value: clause.Column{Table: "value", Name: "one"}})
		u.page(u.order.of(sorted, q), append(by, turns{"value", several.values}))
	}
}

// page adds a query, or where it takes turns, that of each turn.
func (u *union) page(q *gorm.DB, by []turns) {
	if by == nil {
		u.parts, u.args = append(u.parts, "(?)"), append(u.args, q)
		return
	}
	var from []string
	for _, t := range by {
		from, u.args = append(from, "unnest(?::text[]) AS "+t.name+"(one)"), append(u.args, IDs(t.values))
	}
	u.parts, u.args = append(u.parts, "(SELECT page.* FROM "+strings.Join(from, ", ")+", LATERAL (?) AS page)"), append(u.args, q)
}

// Locator finds where objects of the registered kinds stand.
type Locator struct {
	db       *db.DB
	registry *Registry
}

// NewLocator returns a locator; kinds may still be added to the registry.
func NewLocator(d *db.DB, registry *Registry) *Locator { return &Locator{d, registry} }

// Locate implements authz.Locator.
func (l *Locator) Locate(ctx context.Context, objectID string) (authz.Chain, bool, error) {
	places, err := l.LocateAll(ctx, []string{objectID})
	at, found := places[objectID]
	return at, found, err
}

// LocateAll implements visibility.Locator. It takes one query for each kind.
func (l *Locator) LocateAll(ctx context.Context, ids []string) (map[string]authz.Chain, error) {
	out, of := make(map[string]authz.Chain, len(ids)), map[string][]string{}
	for _, objectID := range ids {
		if objectID == authz.Platform {
			out[objectID] = authz.Chain{ID: authz.Platform}
		} else if k, ok := l.registry.ByPrefix(id.Prefix(objectID)); ok && k.Table() != "" {
			of[k.Name] = append(of[k.Name], objectID)
		}
	}
	for name, ids := range of {
		k, _ := l.registry.Kind(name)
		places, err := standing(l.db.Conn(ctx).Table(k.Table()), k, "''", ids...)
		if err != nil {
			return nil, err
		}
		for id, p := range places {
			out[id] = p.Chain
		}
	}
	return out, nil
}

// place is where an object stands, and its state.
type place struct {
	authz.Chain
	state string
}

// standing reads where objects of the kind stand, by a query of its table. Not every table has a state: it is what the expression says.
func standing(q *gorm.DB, k Kind, state string, ids ...string) (map[string]place, error) {
	columns := []string{"id", state, "COALESCE(billing_entity_id, '')", "COALESCE(customer_id, '')"}
	first := len(columns)
	for _, link := range k.Scopes {
		columns = append(columns, "COALESCE("+link.Field+", '')")
	}
	if k.ScopeTable != "" {
		columns = append(columns, "COALESCE((SELECT string_agg(scope_id, ' ') FROM "+k.ScopeTable+" s WHERE s.id = "+k.Table()+".id), '')")
	}
	q = q.Select(strings.Join(columns, ", "))
	if len(ids) == 1 {
		q = q.Where("id = ?", ids[0])
	} else {
		q = q.Where("id = ANY(?::text[])", IDs(ids))
	}
	rows, err := q.Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[string]place, len(ids))
	for rows.Next() {
		var p place
		others := make([]string, len(columns)-first)
		values := []any{&p.ID, &p.state, &p.BillingEntityID, &p.CustomerID}
		for i := range others {
			values = append(values, &others[i])
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		p.Others = strings.Fields(strings.Join(others, " ")) // ids have no blanks in them
		out[p.ID] = p
	}
	return out, rows.Err()
}

// Visible implements authz.Locator.
func (l *Locator) Visible(ctx context.Context, objectID string, a authz.Access) (bool, error) {
	k, ok := l.registry.ByPrefix(id.Prefix(objectID))
	if !ok || k.Table() == "" {
		return false, nil
	}
	where, args := condition(a, l.registry, k)
	var n int64
	err := l.db.Conn(ctx).Table(k.Table()).Where("id = ?", objectID).Where(where, args...).Count(&n).Error
	return n > 0, err
}

// Unscoped begins a query that is limited to nothing. It is for what the control plane counts, locks and keeps for itself; what a caller
// named, or is shown, is read through a Table or with a ScopeCondition. Nouns have no other way to the database: the linter sees to it.
func Unscoped(ctx context.Context, d *db.DB) *gorm.DB { return d.Conn(ctx) }

// ForAll offers every row to whoever may read the kind anywhere.
func ForAll(authz.Access) []Offer { return []Offer{{Where: everyRow}} }

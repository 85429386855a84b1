package resource

// Pages of lists: what they are limited to, the order that they are in, and where the next one begins.

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// List returns one page.
func (t *Table[R]) List(ctx context.Context, q ListQuery) ([]R, *string, error) {
	n, err := t.narrow(q)
	if err != nil {
		return nil, nil, err
	}
	o, err := t.ordering(q, n)
	if err != nil {
		return nil, nil, err
	}
	size, rows := q.Size(), []R{}
	for _, s := range o.stretches(t.kind, n) {
		s.order.Limit = size + 1 - len(rows)
		query, err := PageQuery(ctx, t.db, t.registry, t.kind, s.order, s.narrowing)
		if err != nil {
			return nil, nil, err
		}
		if query == nil || s.order.Limit <= 0 {
			break
		}
		var found []R
		if err := query.Find(&found).Error; err != nil {
			return nil, nil, err
		}
		rows = append(rows, found...)
	}
	for i := range rows {
		t.loaded(&rows[i])
	}
	if len(rows) <= size {
		return rows, nil, nil
	}
	rows = rows[:size]
	return rows, NextToken(q, t.position(&rows[size-1], o.columns)...), nil
}

// narrow is what a list is limited to beside what the caller may see.
func (t *Table[R]) narrow(q ListQuery) (Narrowing, error) {
	n, err := t.registry.Narrow(t.kind, q.Filters)
	if err != nil {
		return n, err
	}
	selector, err := parseSelector(q.Label)
	if err != nil {
		return n, err
	}
	for _, r := range selector {
		n = n.And(r.condition())
	}
	if q.Q != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Q) + "%"
		n = n.And(gorm.Expr("(name ILIKE ? OR display_name ILIKE ?)", like, like))
	}
	if q.Path == "" {
		return n, nil
	}
	segments, err := pathSegments(q.Path)
	if err != nil {
		return n, err
	}
	path, names := pathCondition(t.registry, t.kind, segments)
	return n.And(gorm.Expr(path, names...)), nil
}

// ordering is the order of a list, and where a page begins.
type ordering struct {
	columns []string
	desc    bool
	// after are the values of the last row of the page before, nil on the first page.
	after []any
	// empties: the first column may be null.
	empties bool
}

// ordering reads the order that is asked for, and the page token.
func (t *Table[R]) ordering(q ListQuery, n Narrowing) (ordering, error) {
	field, desc := strings.CutPrefix(q.OrderBy, "-")
	if field != "" && !slices.Contains(t.kind.AllOrders(), field) {
		return ordering{}, fault.Parameter("order_by", "invalid_parameter", "must be one of "+strings.Join(t.kind.AllOrders(), ", ")+", with a minus sign before it or without")
	}
	o := ordering{columns: []string{CustomerColumn, "id"}, desc: desc}
	switch column := cmp.Or(field, n.along); column {
	case "":
	case "id", t.kind.made():
		o.columns = []string{"id"}
	default:
		o.columns = []string{column, "id"}
		o.empties = t.typeOf(column).Kind() == reflect.Pointer && column != n.along // no range has null in it
	}
	after, err := After(q, len(o.columns))
	if err != nil || after == nil {
		return o, err
	}
	for i, column := range o.columns {
		value := reflect.New(t.typeOf(column))
		err := json.Unmarshal([]byte(after[i]), value.Interface())
		if text := reflect.Indirect(value.Elem()); err != nil || text.Kind() == reflect.String && strings.ContainsRune(text.String(), 0) {
			return o, wrongToken()
		}
		o.after = append(o.after, value.Elem().Interface())
	}
	return o, nil
}

// typeOf is the type of a column's field.
func (t *Table[R]) typeOf(column string) reflect.Type {
	return reflect.TypeFor[R]().FieldByIndex(t.layout.fields[column]).Type
}

// position is where a row stands in the order of a list, as a page token has it.
func (t *Table[R]) position(row *R, columns []string) []string {
	var out []string
	for _, column := range columns {
		value, _ := json.Marshal(t.field(row, column)) // text, a number, a time or null: cannot fail
		out = append(out, string(value))
	}
	return out
}

// stretch is a part of a list that one walk along an index finds in order.
type stretch struct {
	order     Order
	narrowing Narrowing
}

// stretches are the parts of a list from a page's beginning on. What has no value in the column of the order comes last, whichever way the
// order goes: no comparison of rows knows where null stands, and the index finds it by itself.
func (o ordering) stretches(k Kind, n Narrowing) []stretch {
	if !o.empties {
		return []stretch{{Order{Columns: o.columns, Desc: o.desc, After: o.after}, n}}
	}
	value := clause.Column{Table: k.Table(), Name: o.columns[0]}
	without := stretch{Order{Columns: o.columns[1:], Desc: o.desc}, n.And(clause.Eq{Column: value, Value: nil})}
	if o.after != nil && reflect.ValueOf(o.after[0]).IsNil() {
		without.order.After = o.after[1:]
		return []stretch{without}
	}
	with := stretch{Order{Columns: o.columns, Desc: o.desc, After: o.after}, n.And(clause.Neq{Column: value, Value: nil})}
	return []stretch{with, without}
}

// NewestFirst is the query of a page of a kind to which objects are only added: the newest first, unless it is asked for by the time of making.
// It is of one row more than the page has, if there is a next one. Nil: there is nothing to see.
func NewestFirst(ctx context.Context, d *db.DB, r *Registry, k Kind, q ListQuery) (*gorm.DB, error) {
	n, err := r.Narrow(k, q.Filters)
	if err != nil {
		return nil, err
	}
	after, err := After(q, 1)
	if err != nil {
		return nil, err
	}
	o := Order{Columns: []string{"id"}, Desc: true, Limit: q.Size() + 1}
	switch q.OrderBy {
	case "", "-" + k.made():
	case k.made():
		o.Desc = false
	default:
		return nil, fault.Parameter("order_by", "invalid_parameter", "must be "+k.made()+" or -"+k.made())
	}
	if after != nil {
		o.After = []any{after[0]}
	}
	return PageQuery(ctx, d, r, k, o, n)
}

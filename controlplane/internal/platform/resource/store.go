package resource

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Base are the columns of every kind.
type Base struct {
	ID string `gorm:"primaryKey"`
	// The ancestors, on every row: a scope is a condition on them. A customer's row has its own id as customer_id, a billing
	// entity's row its own as billing_entity_id; what belongs to the platform has two empty ones.
	BillingEntityID string
	CustomerID      string
	Revision        int64
	State           string
	StateReason     *string
	OperationID     *string
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt       time.Time `gorm:"autoUpdateTime:false"`
	// The recycle bin: since when the object is there, when it is purged, and which object's recycling took it along.
	RecycledAt   *time.Time
	PurgeAt      *time.Time
	RecycledWith *string
}

// Columns are the columns of every named kind. A row type embeds them, or Base.
type Columns struct {
	Base               `gorm:"embedded"`
	Name               string
	DisplayName        *string
	Labels             map[string]string `gorm:"serializer:json"`
	Notes              *string
	DeletionProtection bool
}

func (b *Base) base() *Base { return b }

func (c *Columns) columns() *Columns { return c }

// named are the columns of a row of a named kind, nil of another.
func named(row any) *Columns {
	if c, ok := row.(interface{ columns() *Columns }); ok {
		return c.columns()
	}
	return nil
}

// Meta maps the columns that the system sets.
func (b *Base) Meta() Meta {
	return Meta{
		ID: b.ID, Revision: b.Revision, State: b.State, StateReason: b.StateReason, OperationID: b.OperationID,
		CreatedAt: b.CreatedAt.UTC(), UpdatedAt: b.UpdatedAt.UTC(),
	}
}

// Record maps the columns that the system sets, of an unnamed kind.
func (b *Base) Record() Record {
	return Record{ID: b.ID, Revision: b.Revision, CreatedAt: b.CreatedAt.UTC(), UpdatedAt: b.UpdatedAt.UTC()}
}

// Named maps the columns that the user sets.
func (c *Columns) Named() Named {
	labels := c.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return Named{Name: c.Name, DisplayName: c.DisplayName, Labels: labels, Notes: c.Notes, DeletionProtection: c.DeletionProtection}
}

// SetNamed sets the columns that the user sets.
func (c *Columns) SetNamed(n Named) {
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	c.Name, c.DisplayName, c.Labels, c.Notes, c.DeletionProtection = n.Name, n.DisplayName, n.Labels, n.Notes, n.DeletionProtection
}

// Row is a pointer to a row type that embeds Columns or Base.
type Row[R any] interface {
	*R
	base() *Base
}

// Table keeps the rows of one kind. Every query is limited to what the access in its context may see.
type Table[R any, P Row[R]] struct {
	db       *db.DB
	kind     Kind
	registry *Registry
	clock    clock.Clock
}

// NewTable returns the table of a kind and registers the kind.
func NewTable[R any, P Row[R]](d *db.DB, registry *Registry, clk clock.Clock, kind Kind) *Table[R, P] {
	registry.Add(kind)
	return &Table[R, P]{db: d, kind: kind, registry: registry, clock: clk}
}

// scoped begins a query that sees only the rows that the context may see.
func (t *Table[R, P]) scoped(ctx context.Context) (*gorm.DB, error) {
	return scopedQuery(ctx, t.db, t.registry, t.kind)
}

func scopedQuery(ctx context.Context, d *db.DB, registry *Registry, kind Kind) (*gorm.DB, error) {
	where, args, err := ScopeCondition(ctx, registry, kind)
	if err != nil {
		return nil, err
	}
	q := d.Conn(ctx).Table(kind.Table)
	if where != everyRow {
		q = q.Where(where, args...)
	}
	return q, nil
}

// reading is the context in which rows of the kind are read as by their own GET: with that permission, whatever the present one is.
func (t *Table[R, P]) reading(ctx context.Context) context.Context {
	return authz.For(ctx, t.kind.ReadPermission())
}

// Get returns the row of that id.
func (t *Table[R, P]) Get(ctx context.Context, id string) (R, error) {
	return t.take(ctx, id, "")
}

// take reads one row, with a lock if strength names one.
func (t *Table[R, P]) take(ctx context.Context, id, strength string) (R, error) {
	var row R
	q, err := t.scoped(ctx)
	if err != nil {
		return row, err
	}
	if strength != "" {
		q = q.Clauses(clause.Locking{Strength: strength})
	}
	err = q.Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, fault.NotFoundError()
	}
	return row, err
}

// Lock reads the row and keeps it from being changed until the transaction ends.
func (t *Table[R, P]) Lock(ctx context.Context, id string) (R, error) {
	return t.take(ctx, id, "UPDATE")
}

// Share is Lock for who only needs the row to stay as it is: others may do the same at the same time.
func (t *Table[R, P]) Share(ctx context.Context, id string) (R, error) {
	return t.take(ctx, id, "SHARE")
}

// LockIdle is Lock for a write that was asked for: it refuses when the revision is another than ifMatch (nil: any), or when an operation
// is changing the object.
func (t *Table[R, P]) LockIdle(ctx context.Context, id string, ifMatch *int64) (R, error) {
	row, err := t.Lock(ctx, id)
	if err != nil {
		return row, err
	}
	c := P(&row).base()
	if ifMatch != nil && *ifMatch != c.Revision {
		return row, &fault.Error{Kind: fault.PreconditionFailed, Code: "revision_mismatch",
			Detail: fmt.Sprintf("its revision is %d, not %d: read it again", c.Revision, *ifMatch)}
	}
	if c.OperationID != nil {
		return row, Busy(*c.OperationID, "an operation is changing it")
	}
	return row, nil
}

// Refer reads a row that another one is about to refer to, and keeps it from being deleted meanwhile. pointer is the field of the
// request that names it. The caller must be able to read it.
func (t *Table[R, P]) Refer(ctx context.Context, pointer, id string) (R, error) {
	return t.refer(ctx, pointer, id, "SHARE")
}

// ReferAlone is Refer that keeps others who do the same waiting until the transaction ends. Whoever took a shared lock first and this one
// later would wait for another who did so too, for ever.
func (t *Table[R, P]) ReferAlone(ctx context.Context, pointer, id string) (R, error) {
	return t.refer(ctx, pointer, id, "UPDATE")
}

func (t *Table[R, P]) refer(ctx context.Context, pointer, id, strength string) (R, error) {
	row, err := t.take(t.reading(ctx), id, strength)
	if f := fault.As(err); f != nil && f.Kind == fault.NotFound {
		return row, fault.MissingReference(pointer, t.kind.Name)
	}
	if err != nil {
		return row, err
	}
	if state := P(&row).base().State; state == Deleting || state == Recycled {
		return row, fault.Invalidf(pointer, "conflict", "it is %s", state)
	}
	return row, nil
}

// Insert adds a new row: it gets its id (unless it has one already, which something of it depends on), its first revision and its times here.
func (t *Table[R, P]) Insert(ctx context.Context, row P) error {
	c := row.base()
	now := t.clock.Now()
	if c.ID == "" {
		c.ID = id.New(t.kind.Prefix)
	}
	c.Revision, c.CreatedAt, c.UpdatedAt = 1, now, now
	if c.State == "" {
		c.State = Active
	}
	t.ownAncestor(c)
	if err := t.nameFree(ctx, row); err != nil {
		return err
	}
	return t.nameTaken(t.db.Conn(ctx).Table(t.kind.Table).Create(row).Error, row)
}

// ownAncestor sets the ancestor column that is a tenant's own id.
func (t *Table[R, P]) ownAncestor(c *Base) {
	switch t.kind.Tenant {
	case BillingEntityColumn:
		c.BillingEntityID = c.ID
	case CustomerColumn:
		c.CustomerID = c.ID
	}
}

// living is a condition on rows that are not in the recycle bin: names and keys are unique among them alone.
const living = "recycled_at IS NULL"

// nameFree refuses a name that stands already in the same parent, and says which object has it. What has no name has its key.
func (t *Table[R, P]) nameFree(ctx context.Context, row P) error {
	c := named(row)
	if c == nil {
		return t.keyFree(ctx, row)
	}
	q := t.db.Conn(ctx).Table(t.kind.Table).Select("id").Where(living).Where("name = ? AND id <> ?", c.Name, c.ID)
	if t.kind.Parent != nil {
		parent := reflect.ValueOf(t.field(row, t.kind.Parent.Field))
		if parent.Kind() == reflect.Pointer && parent.IsNil() {
			q = q.Where(t.kind.Parent.Field + " IS NULL")
		} else {
			q = q.Where(t.kind.Parent.Field+" = ?", parent.Interface())
		}
	}
	var existing string
	if err := q.Limit(1).Scan(&existing).Error; err != nil {
		return err
	}
	if existing == "" {
		return nil
	}
	taken := t.taken(c.Name)
	if _, err := t.Get(t.reading(ctx), existing); err == nil {
		taken.ExistingID = existing
	}
	return taken
}

// keyFree refuses a second object with the same key, and says which one there is.
func (t *Table[R, P]) keyFree(ctx context.Context, row P) error {
	q := t.db.Conn(ctx).Table(t.kind.Table).Select("id").Where(living)
	for _, column := range t.kind.Key {
		q = q.Where(column+" = ?", t.field(row, column))
	}
	var existing string
	if err := q.Limit(1).Scan(&existing).Error; err != nil || existing == "" {
		return err
	}
	there := t.alreadyThere()
	if _, err := t.Get(t.reading(ctx), existing); err == nil {
		there.ExistingID = existing
	}
	return there
}

func (t *Table[R, P]) alreadyThere() *fault.Error {
	return fault.Conflictf("already_exists", "there is already a %s with the same %s", strings.ToLower(t.kind.Title), strings.Join(t.kind.Key, ", "))
}

func (t *Table[R, P]) taken(name string) *fault.Error {
	return fault.Conflictf("name_taken", "there is already a %s named %q here", strings.ToLower(t.kind.Title), name)
}

// nameTaken maps the unique violation of a name, or a key, that was taken at the same moment.
func (t *Table[R, P]) nameTaken(err error, row P) error {
	constraint, _ := db.IsUnique(err)
	switch {
	case strings.HasSuffix(constraint, "_name_key"):
		return t.taken(named(row).Name)
	case strings.HasSuffix(constraint, "_tuple_key"):
		return t.alreadyThere()
	}
	return err
}

// field returns the value of a column of the row.
func (t *Table[R, P]) field(row P, column string) any {
	stmt := &gorm.Statement{DB: t.db.Conn(context.Background())}
	if err := stmt.Parse(row); err != nil {
		panic(err) // a row type that gorm cannot read is a defect of the program
	}
	v, _ := stmt.Schema.LookUpField(column).ValueOf(context.Background(), reflect.ValueOf(row).Elem())
	return v
}

// Change locks the row, lets fn change it, and saves it with a new revision if it differs. It says whether it did.
func (t *Table[R, P]) Change(ctx context.Context, id string, ifMatch *int64, fn func(row P) error) (R, bool, error) {
	row, err := t.LockIdle(ctx, id, ifMatch)
	if err != nil {
		return row, false, err
	}
	before := row
	if err := fn(P(&row)); err != nil {
		return row, false, err
	}
	c := P(&row).base()
	if reflect.DeepEqual(row, before) {
		return row, false, nil
	}
	if n := named(P(&row)); n != nil && n.Name != named(P(&before)).Name || !reflect.DeepEqual(t.parentOf(&row), t.parentOf(&before)) {
		if err := t.nameFree(ctx, P(&row)); err != nil {
			return row, false, err
		}
	}
	c.Revision++
	c.UpdatedAt = t.clock.Now()
	return row, true, t.write(ctx, P(&row))
}

func (t *Table[R, P]) parentOf(row *R) any {
	if t.kind.Parent == nil {
		return nil
	}
	return t.field(P(row), t.kind.Parent.Field)
}

// Put saves what the system changed of a row that is locked: it is not a new revision.
func (t *Table[R, P]) Put(ctx context.Context, row P) error {
	row.base().UpdatedAt = t.clock.Now()
	return t.write(ctx, row)
}

func (t *Table[R, P]) write(ctx context.Context, row P) error {
	c := row.base()
	res := t.db.Conn(ctx).Table(t.kind.Table).Where("id = ?", c.ID).Select("*").Omit("id", "created_at").Updates(row)
	if res.Error != nil {
		return t.nameTaken(res.Error, row)
	}
	if res.RowsAffected != 1 {
		return fmt.Errorf("%s %s: %d rows written", t.kind.Name, c.ID, res.RowsAffected)
	}
	return nil
}

// Observe sets columns that the system observes, without touching anything else.
func (t *Table[R, P]) Observe(ctx context.Context, id string, columns map[string]any) error {
	return t.db.Conn(ctx).Table(t.kind.Table).Where("id = ?", id).Updates(columns).Error
}

// Begin marks the locked row as being changed by an operation.
func (t *Table[R, P]) Begin(ctx context.Context, row P, state, operationID string) error {
	c := row.base()
	c.State, c.StateReason, c.OperationID = state, nil, &operationID
	return t.Put(ctx, row)
}

// End marks the row as no longer being changed: active, or failed with a reason. A row that is gone is fine.
func (t *Table[R, P]) End(ctx context.Context, id string, reason *string) error {
	row, err := t.Lock(ctx, id)
	if fault.IsCode(err, "not_found") {
		return nil
	}
	if err != nil {
		return err
	}
	c := P(&row).base()
	c.State, c.StateReason, c.OperationID = Active, reason, nil
	if reason != nil {
		c.State = Failed
	}
	return t.Put(ctx, P(&row))
}

// Deletable locks a row that is to be deleted, and refuses while it is protected or holds others.
func (t *Table[R, P]) Deletable(ctx context.Context, id string, ifMatch *int64) (R, error) {
	row, err := t.LockIdle(ctx, id, ifMatch)
	if err != nil {
		return row, err
	}
	if c := named(P(&row)); c != nil && c.DeletionProtection {
		return row, fault.Conflictf("deletion_protected", "it is protected: set deletion_protection to false first")
	}
	return row, t.empty(ctx, id)
}

// childrenShown is how many of the objects in the way a refusal names.
const childrenShown = 10

// empty refuses while other objects are in this one or need it.
func (t *Table[R, P]) empty(ctx context.Context, id string) error {
	blocked := fault.Conflictf("has_children", "")
	for _, h := range t.registry.Holders(t.kind.Name) {
		var total int64
		count := t.db.Conn(ctx).Table(h.Kind.Table).Where(h.Field+" = ?", id)
		if err := count.Count(&total).Error; err != nil {
			return err
		}
		if total == 0 {
			continue
		}
		// Those that the caller may not see still stand in the way, but are neither named nor counted.
		seen, err := scopedQuery(authz.For(ctx, h.Kind.ReadPermission()), t.db, t.registry, h.Kind)
		if err != nil {
			return err
		}
		seen = seen.Where(h.Field+" = ?", id)
		var visible int64
		if err := seen.Session(&gorm.Session{}).Count(&visible).Error; err != nil {
			return err
		}
		var rows []fault.Child
		columns := "id, name"
		if !h.Kind.Named {
			columns = "id"
		}
		if err := seen.Select(columns).Order("id").Limit(childrenShown).Scan(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			r.Kind = h.Kind.Name
			blocked.Children = append(blocked.Children, r)
		}
		blocked.ChildrenTotal += int(visible)
		blocked.Detail = "other objects are in it or need it"
	}
	if blocked.Detail == "" {
		return nil
	}
	if n := len(blocked.Children); n > 0 {
		names := make([]string, 0, n)
		for _, c := range blocked.Children {
			names = append(names, strings.TrimSuffix(strings.ReplaceAll(c.Kind, "_", " ")+" "+c.Name, " ")+" ("+c.ID+")")
		}
		more := ""
		if rest := blocked.ChildrenTotal - n; rest > 0 {
			more = fmt.Sprintf(" and %d more", rest)
		}
		blocked.Detail = "delete first what is in it or needs it: " + strings.Join(names, ", ") + more
	}
	return blocked
}

// Remove deletes the row. What came to be in it at the same moment keeps it.
func (t *Table[R, P]) Remove(ctx context.Context, id string) error {
	if err := t.registry.removed(ctx, t.kind, id); err != nil {
		return err
	}
	err := t.db.Conn(ctx).Table(t.kind.Table).Where("id = ?", id).Delete(new(R)).Error
	if db.IsForeignKey(err) {
		return fault.Conflictf("has_children", "other objects are in it or need it")
	}
	return err
}

// List returns one page.
func (t *Table[R, P]) List(ctx context.Context, q ListQuery) ([]R, *string, error) {
	column, desc := strings.CutPrefix(q.OrderBy, "-")
	order := []string{"customer_id", "id"}
	switch column {
	case "name":
		order = []string{"name", "id"}
	case "created_at":
		order = []string{"id", "id"} // ids ascend in time
	}
	after, err := After(q, len(order))
	if err != nil {
		return nil, nil, err
	}
	narrow, err := t.filter(q)
	if err != nil {
		return nil, nil, err
	}
	size := q.size()
	query, err := PageQuery(ctx, t.db, t.registry, t.kind, Order{Columns: order, Desc: desc, After: after, Limit: size + 1}, narrow)
	if err != nil {
		return nil, nil, err
	}
	rows := []R{}
	if query != nil {
		err = query.Find(&rows).Error
	}
	if err != nil || len(rows) <= size {
		return rows, nil, err
	}
	rows = rows[:size]
	c := P(&rows[size-1]).base()
	first := c.ID
	switch {
	case column == "name" && t.kind.Named:
		first = named(P(&rows[size-1])).Name
	case column == "":
		first = c.CustomerID
	}
	return rows, NextToken(q, first, c.ID), nil
}

// scopesOf are the scopes that the row is in, beside itself and its ancestors.
func (t *Table[R, P]) scopesOf(row P) []string {
	var out []string
	for _, link := range t.kind.Scopes {
		if id, _ := t.field(row, link.Field).(string); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// filter is what a list is limited to beside what the caller may see.
func (t *Table[R, P]) filter(q ListQuery) (func(*gorm.DB) *gorm.DB, error) {
	selector, err := parseSelector(q.Label)
	if err != nil {
		return nil, err
	}
	var path string
	var names []any
	if q.Path != "" {
		segments, err := pathSegments(q.Path)
		if err != nil {
			return nil, err
		}
		path, names = pathCondition(t.registry, t.kind, segments)
	}
	return func(query *gorm.DB) *gorm.DB {
		for column, value := range q.Filters {
			query = query.Where(clause.Eq{Column: clause.Column{Table: t.kind.Table, Name: column}, Value: value})
		}
		for _, r := range selector {
			query = query.Where(r.condition())
		}
		if q.Q != "" {
			like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q.Q) + "%"
			query = query.Where("(name ILIKE ? OR display_name ILIKE ?)", like, like)
		}
		if path != "" {
			query = query.Where(path, names...)
		}
		return query
	}, nil
}

// pathCondition matches the rows of a kind whose name path ends in these names: the last is its own, those before are its ancestors'. What is
// in the recycle bin has no path.
func pathCondition(registry *Registry, kind Kind, segments []string) (string, []any) {
	last := len(segments) - 1
	named := kind.Table + ".name = ? AND " + kind.Table + "." + living // as the index on names has it
	if last == 0 {
		return named, []any{segments[0]}
	}
	if kind.Parent == nil {
		return "false", nil
	}
	var either []string
	args := []any{segments[last]}
	for _, name := range append([]string{kind.Parent.Kind}, kind.Parent.Or...) {
		parent, _ := registry.Kind(name)
		inner, of := pathCondition(registry, parent, segments[:last])
		either = append(either, fmt.Sprintf("%s.%s IN (SELECT %s.id FROM %s WHERE %s)", kind.Table, kind.Parent.Field, parent.Table, parent.Table, inner))
		args = append(args, of...)
	}
	return named + " AND (" + strings.Join(either, " OR ") + ")", args
}

// PageOf is a page of the table as its readers see it.
func PageOf[R any, P Row[R], M any](ctx context.Context, t *Table[R, P], q ListQuery, model func(P) M) (Page[M], error) {
	rows, next, err := t.List(ctx, q)
	if err != nil {
		return Page[M]{}, err
	}
	items := make([]M, len(rows))
	for i := range rows {
		items[i] = model(P(&rows[i]))
	}
	return Page[M]{Items: items, NextPageToken: next}, nil
}

// Drop deletes a row that nothing is in and nothing needs.
func (t *Table[R, P]) Drop(ctx context.Context, id string, ifMatch *int64) error {
	return t.db.InTx(ctx, func(ctx context.Context) error {
		if _, err := t.Deletable(ctx, id, ifMatch); err != nil {
			return err
		}
		return t.Remove(ctx, id)
	})
}

// All returns every row that the context may see and that meets the condition, in the order of their ids. For the control plane's own
// work, not for answers.
func (t *Table[R, P]) All(ctx context.Context, condition ...any) ([]R, error) {
	q, err := t.scoped(ctx)
	if err != nil {
		return nil, err
	}
	if len(condition) > 0 {
		q = q.Where(condition[0], condition[1:]...)
	}
	var rows []R
	return rows, q.Order("id").Find(&rows).Error
}

package resource

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Table keeps the rows of one kind. Every query is limited to what the access in its context may see.
type Table[R any] struct {
	db       *db.DB
	kind     Kind
	registry *Registry
	clock    clock.Clock
	layout   layout
	// followers are its columns that follow others.
	followers []Follower[R]
}

// NewTable returns the table of a kind, whose rows embed Base, and registers the kind.
func NewTable[R any](d *db.DB, registry *Registry, clk clock.Clock, kind Kind) *Table[R] {
	registry.Add(kind)
	t := &Table[R]{db: d, kind: kind, registry: registry, clock: clk, layout: layoutOf(reflect.TypeFor[R]())}
	if err := errors.Join(t.layout.tell(d, new(R)), t.layout.holds(kind)); err != nil {
		panic(fmt.Sprintf("kind %s: %v", kind.Name, err)) // a defect of the program
	}
	return t
}

// Kind is what its rows are.
func (t *Table[R]) Kind() Kind { return t.kind }

// scoped begins a query that sees only the rows that the context may see.
func (t *Table[R]) scoped(ctx context.Context) (*gorm.DB, error) {
	return scopedQuery(ctx, t.db, t.registry, t.kind)
}

func scopedQuery(ctx context.Context, d *db.DB, registry *Registry, kind Kind) (*gorm.DB, error) {
	where, args, err := ScopeCondition(ctx, registry, kind)
	if err != nil {
		return nil, err
	}
	q := d.Conn(ctx).Table(kind.Table())
	if where != everyRow {
		q = q.Where(where, args...)
	}
	return q, nil
}

// reading is the context in which rows of the kind are read as by their own GET: with that permission, whatever the present one is.
func (t *Table[R]) reading(ctx context.Context) context.Context {
	return authz.For(ctx, t.kind.ReadPermission())
}

// Get returns the row of that id.
func (t *Table[R]) Get(ctx context.Context, id string) (R, error) {
	return t.take(ctx, id, "")
}

// take reads one row, with a lock if strength names one.
func (t *Table[R]) take(ctx context.Context, id, strength string) (R, error) {
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
	t.loaded(&row)
	return row, err
}

// loaded completes a row that was read.
func (t *Table[R]) loaded(row *R) { t.layout.fillTwins(reflect.ValueOf(row).Elem()) }

// Lock reads the row and keeps it from being changed until the transaction ends.
func (t *Table[R]) Lock(ctx context.Context, id string) (R, error) {
	return t.take(ctx, id, "UPDATE")
}

// Share is Lock for who only needs the row to stay as it is: others may do the same at the same time.
func (t *Table[R]) Share(ctx context.Context, id string) (R, error) {
	return t.take(ctx, id, "SHARE")
}

// LockIdle is Lock for a write that was asked for: it refuses when the revision is another than ifMatch (nil: any), or when an operation
// is changing the object.
func (t *Table[R]) LockIdle(ctx context.Context, id string, ifMatch *int64) (R, error) {
	row, err := t.Lock(ctx, id)
	if err != nil {
		return row, err
	}
	c := BaseOf(&row)
	if ifMatch != nil && *ifMatch != c.Revision {
		return row, &fault.Error{Kind: fault.PreconditionFailed, Code: "revision_mismatch",
			Detail: fmt.Sprintf("its revision is %d, not %d: read it again", c.Revision, *ifMatch)}
	}
	if c.OperationID != nil {
		return row, Busy(*c.OperationID, "an operation is changing it")
	}
	return row, nil
}

// Busy refuses a write because an operation is under way: clients wait for it and try again.
func Busy(operationID, why string) error {
	return &fault.Error{Kind: fault.Conflict, Code: "operation_in_progress", OperationID: operationID,
		Detail: why + ": wait for " + operationID + " and try again"}
}

// Refer reads a row that another one is about to refer to, and keeps it from being deleted meanwhile. pointer is the field of the
// request that names it. The caller must be able to read it.
func (t *Table[R]) Refer(ctx context.Context, pointer, id string) (R, error) {
	row, err := t.take(t.reading(ctx), id, "SHARE")
	if f := fault.As(err); f != nil && f.Kind == fault.NotFound {
		return row, fault.MissingReference(pointer, t.kind.Name)
	}
	if err != nil {
		return row, err
	}
	if state := BaseOf(&row).State; state == Deleting || state == Recycled {
		return row, fault.Invalidf(pointer, "conflict", "it is %s", state)
	}
	return row, nil
}

// Insert adds a new row: it gets its id (unless it has one already, which something of it depends on), its first revision and its times here.
func (t *Table[R]) Insert(ctx context.Context, row *R) error {
	c := BaseOf(row)
	if c.ID == "" {
		t.begun(c)
	}
	c.Revision, c.UpdatedAt = 1, c.CreatedAt
	if c.State == "" {
		c.State = Active
	}
	t.ownAncestor(c)
	if err := t.nameFree(ctx, row); err != nil {
		return err
	}
	t.loaded(row)
	t.Renew(nil, row)
	t.layout.normalize(reflect.ValueOf(row).Elem())
	return t.nameTaken(t.db.Conn(ctx).Table(t.kind.Table()).Create(row).Error, row)
}

// ownAncestor sets the ancestor column that is a tenant's own id.
func (t *Table[R]) ownAncestor(c *Base) {
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
func (t *Table[R]) nameFree(ctx context.Context, row *R) error {
	c := NamedOf(row)
	if c == nil {
		return t.keyFree(ctx, row)
	}
	q := t.db.Conn(ctx).Table(t.kind.Table()).Select("id").Where(living).Where("name = ? AND id <> ?", c.Name, BaseOf(row).ID)
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
func (t *Table[R]) keyFree(ctx context.Context, row *R) error {
	q := t.db.Conn(ctx).Table(t.kind.Table()).Select("id").Where(living)
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

func (t *Table[R]) alreadyThere() *fault.Error {
	return fault.Conflictf("already_exists", "there is already %s with the same %s", withArticle(t.kind.Title), strings.Join(t.kind.Key, ", "))
}

func (t *Table[R]) taken(name string) *fault.Error {
	return fault.Conflictf("name_taken", "there is already %s named %q here", withArticle(t.kind.Title), name)
}

// nameTaken maps the unique violation of a name, or a key, that was taken at the same moment.
func (t *Table[R]) nameTaken(err error, row *R) error {
	constraint, _ := db.IsUnique(err)
	switch {
	case strings.HasSuffix(constraint, "_name_key"):
		return t.taken(NamedOf(row).Name)
	case strings.HasSuffix(constraint, "_tuple_key"):
		return t.alreadyThere()
	}
	return err
}

// Prepare completes a row that was made of what is asked for: it gets its id, which what is sealed in it depends on.
func (t *Table[R]) Prepare(row *R) {
	t.layout.fillBase(reflect.ValueOf(row).Elem())
	t.layout.normalize(reflect.ValueOf(row).Elem())
	t.begun(BaseOf(row))
}

// begun sets when a new row was made, and its id, which was made at the same moment: a range of one is a range of the other.
func (t *Table[R]) begun(c *Base) {
	c.CreatedAt = t.clock.Now()
	c.ID = id.NewAt(t.kind.Prefix, c.CreatedAt)
}

// Text is the value of a column that holds one, empty where it is null.
func (t *Table[R]) Text(row *R, column string) string {
	switch v := t.field(row, column).(type) {
	case string:
		return v
	case *string:
		return Text(v)
	}
	return ""
}

// PlaceIn puts a new row where it belongs: it gets the ancestors of what stands there, and is in the scopes that that is in, itself included,
// as far as its kind keeps them.
func (t *Table[R]) PlaceIn(row *R, at authz.Chain) {
	c := BaseOf(row)
	c.BillingEntityID, c.CustomerID = at.BillingEntityID, at.CustomerID
	for _, link := range t.kind.Scopes {
		index, kept := t.layout.fields[link.Field]
		if !kept || t.Text(row, link.Field) != "" {
			continue
		}
		for _, scope := range append([]string{at.ID}, at.Others...) {
			if k, ok := t.registry.ByPrefix(id.Prefix(scope)); ok && link.To(k.Name) {
				set(reflect.ValueOf(row).Elem().FieldByIndex(index), scope)
			}
		}
	}
}

// set gives a text column that value, be it optional or not.
func set(column reflect.Value, value string) {
	if column.Kind() == reflect.Pointer {
		column.Set(reflect.ValueOf(&value))
		return
	}
	column.SetString(value)
}

// field returns the value of a column of the row.
func (t *Table[R]) field(row *R, column string) any {
	return t.value(row, column).Interface()
}

// value is a column of the row.
func (t *Table[R]) value(row *R, column string) reflect.Value {
	return reflect.ValueOf(row).Elem().FieldByIndex(t.layout.fields[column])
}

// Change locks the row, lets fn change it, and saves it with a new revision if it differs. It says whether it did.
func (t *Table[R]) Change(ctx context.Context, id string, ifMatch *int64, fn func(row *R) error) (R, bool, error) {
	row, err := t.LockIdle(ctx, id, ifMatch)
	if err != nil {
		return row, false, err
	}
	before := Copied(&row)
	if err := fn(&row); err != nil {
		return row, false, err
	}
	t.Renew(&before, &row)
	t.layout.normalize(reflect.ValueOf(&row).Elem())
	c := BaseOf(&row)
	if reflect.DeepEqual(row, before) {
		return row, false, nil
	}
	if n := NamedOf(&row); n != nil && n.Name != NamedOf(&before).Name || !reflect.DeepEqual(t.parentOf(&row), t.parentOf(&before)) {
		if err := t.nameFree(ctx, &row); err != nil {
			return row, false, err
		}
	}
	c.Revision++
	c.UpdatedAt = t.clock.Now()
	return row, true, t.write(ctx, &row)
}

func (t *Table[R]) parentOf(row *R) any {
	if t.kind.Parent == nil {
		return nil
	}
	return t.field(row, t.kind.Parent.Field)
}

// Put saves what the system changed of a row that is locked: it is not a new revision.
func (t *Table[R]) Put(ctx context.Context, row *R) error {
	BaseOf(row).UpdatedAt = t.clock.Now()
	return t.write(ctx, row)
}

func (t *Table[R]) write(ctx context.Context, row *R) error {
	c := BaseOf(row)
	res := t.db.Conn(ctx).Table(t.kind.Table()).Where("id = ?", c.ID).Select("*").Omit("id", "created_at").Updates(row)
	if res.Error != nil {
		return t.nameTaken(res.Error, row)
	}
	if res.RowsAffected != 1 {
		return fmt.Errorf("%s %s: %d rows written", t.kind.Name, c.ID, res.RowsAffected)
	}
	return nil
}

// Observe sets columns that the system observes, without touching anything else.
func (t *Table[R]) Observe(ctx context.Context, id string, columns map[string]any) error {
	return t.db.Conn(ctx).Table(t.kind.Table()).Where("id = ?", id).Updates(columns).Error
}

// Begin marks the locked row as being changed by an operation.
func (t *Table[R]) Begin(ctx context.Context, row *R, state, operationID string) error {
	c := BaseOf(row)
	c.State, c.StateReason, c.OperationID = state, nil, &operationID
	return t.Put(ctx, row)
}

// End marks the row as no longer being changed: active, or failed with a reason. A row that is gone is fine.
func (t *Table[R]) End(ctx context.Context, id string, reason *string) error {
	row, err := t.Lock(ctx, id)
	if fault.IsCode(err, "not_found") {
		return nil
	}
	if err != nil {
		return err
	}
	c := BaseOf(&row)
	c.State, c.StateReason, c.OperationID = Active, reason, nil
	if reason != nil {
		c.State = Failed
	}
	return t.Put(ctx, &row)
}

// Deletable refuses to delete a row, which is locked, while it is protected or holds others.
func (t *Table[R]) Deletable(ctx context.Context, row *R) error {
	if c := NamedOf(row); c != nil && c.DeletionProtection {
		return fault.Conflictf("deletion_protected", "it is protected: set deletion_protection to false first")
	}
	return t.empty(ctx, BaseOf(row).ID)
}

// childrenShown is how many of the objects in the way a refusal names.
const childrenShown = 10

// empty refuses while other objects are in this one or need it.
func (t *Table[R]) empty(ctx context.Context, id string) error {
	blocked := fault.Conflictf("has_children", "")
	for _, h := range t.registry.Holders(t.kind.Name) {
		var total int64
		count := t.db.Conn(ctx).Table(h.Kind.Table()).Where(h.Field+" = ?", id)
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
func (t *Table[R]) Remove(ctx context.Context, id string) error {
	if err := t.registry.removed(ctx, t.kind, id); err != nil {
		return err
	}
	err := t.db.Conn(ctx).Table(t.kind.Table()).Where("id = ?", id).Delete(new(R)).Error
	if db.IsForeignKey(err) {
		return fault.Conflictf("has_children", "other objects are in it or need it")
	}
	return err
}

// Within is the scope of that kind that the row is in, itself included, empty if it is in none.
func (t *Table[R]) Within(row *R, kind string) string {
	if t.kind.Name == kind {
		return BaseOf(row).ID
	}
	for _, link := range t.kind.Scopes {
		if link.Kind == kind {
			return t.Text(row, link.Field)
		}
	}
	return ""
}

// ScopesOf are the scopes that the row is in, beside itself and its ancestors.
func (t *Table[R]) ScopesOf(row *R) []string {
	var out []string
	for _, link := range t.kind.Scopes {
		if id := t.Text(row, link.Field); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// pathCondition matches the rows of a kind whose name path ends in these names: the last is its own, those before are its ancestors'. What is
// in the recycle bin has no path.
func pathCondition(registry *Registry, kind Kind, segments []string) (string, []any) {
	last := len(segments) - 1
	named := kind.Table() + ".name = ? AND " + kind.Table() + "." + living // as the index on names has it
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
		either = append(either, fmt.Sprintf("%s.%s IN (SELECT %s.id FROM %s WHERE %s)", kind.Table(), kind.Parent.Field, parent.Table(), parent.Table(), inner))
		args = append(args, of...)
	}
	return named + " AND (" + strings.Join(either, " OR ") + ")", args
}

// All returns every row that the context may see and that meets the condition, in the order of their ids. For the control plane's own
// work, not for answers.
func (t *Table[R]) All(ctx context.Context, condition ...any) ([]R, error) {
	q, err := t.scoped(ctx)
	if err != nil {
		return nil, err
	}
	if len(condition) > 0 {
		q = q.Where(condition[0], condition[1:]...)
	}
	var rows []R
	err = q.Order("id").Find(&rows).Error
	for i := range rows {
		t.loaded(&rows[i])
	}
	return rows, err
}

package resource

// What a row type is made of: Base, the types of the API as far as they are kept, and columns of its own.

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

// Base are the columns of every kind. A row type embeds it, first.
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

func (b *Base) base() *Base { return b }

var errRow = errors.New("a row is neither a request nor an answer: it has what callers must not set, or see")

// MarshalJSON refuses: a row that embeds Base is never an answer.
func (Base) MarshalJSON() ([]byte, error) { return nil, errRow }

// UnmarshalJSON refuses: nothing that was sent becomes a row by itself.
func (*Base) UnmarshalJSON([]byte) error { return errRow }

// Meta maps the columns that the system sets.
func (b *Base) Meta() Meta {
	return Meta{
		ID: b.ID, Revision: b.Revision, State: b.State, StateReason: b.StateReason, OperationID: b.OperationID,
		CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
	}
}

// Record maps the columns that the system sets, of an unnamed kind.
func (b *Base) Record() Record {
	return Record{ID: b.ID, Revision: b.Revision, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt}
}

// BaseOf are the columns of a row, given by a pointer to it, that every kind has.
func BaseOf(row any) *Base { return row.(interface{ base() *Base }).base() }

// NamedOf are the fields of a row of a named kind, given by a pointer to it; nil of another.
func NamedOf(row any) *Named {
	if n, ok := row.(interface{ named() *Named }); ok {
		return n.named()
	}
	return nil
}

// layout is where the columns stand in a row type.
type layout struct {
	fields map[string][]int // index of the field, by column
	// twins are fields of the API's types whose column is one of Base. GORM reads and writes that of Base.
	twins []twin
	// collections and times are those of the API's types: null is no collection, and a time is kept in UTC, to the microsecond.
	collections, times [][]int
	// unseen is an embedded type that GORM does not look into.
	unseen reflect.Type
}

type twin struct{ base, field []int }

// layoutOf reads a row type. A column is called as its tag for GORM says, or as the field is in JSON, or by GORM's rule.
func layoutOf(row reflect.Type) layout {
	l := layout{fields: map[string][]int{}}
	l.read(row, nil)
	return l
}

func (l *layout) read(t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		settings := schema.ParseTagSetting(f.Tag.Get("gorm"), ";")
		index := append(append([]int{}, at...), i)
		switch {
		case f.Anonymous && !f.IsExported():
			l.unseen = f.Type
			continue
		case settings["-"] != "" || !f.IsExported():
			continue
		case f.Anonymous:
			l.read(f.Type, index)
			continue
		}
		column := columnOf(f, settings)
		if first, ok := l.fields[column]; ok {
			l.twins = append(l.twins, twin{first, index})
			continue
		}
		l.fields[column] = index
		switch {
		case f.Tag.Get("json") == "": // a column of the row's own
		case f.Type.Kind() == reflect.Map, f.Type.Kind() == reflect.Slice:
			l.collections = append(l.collections, index)
		case f.Type == reflect.TypeFor[time.Time](), f.Type == reflect.TypeFor[*time.Time]():
			l.times = append(l.times, index)
		}
	}
}

func columnOf(f reflect.StructField, settings map[string]string) string {
	if c := settings["COLUMN"]; c != "" {
		return c
	}
	if c, _, _ := strings.Cut(f.Tag.Get("json"), ","); c != "" && c != "-" {
		return c
	}
	return schema.NamingStrategy{}.ColumnName("", f.Name)
}

// FieldsOf are the fields of a type of rows, or of the API, by the columns that keep them.
func FieldsOf(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for column, index := range layoutOf(t).fields {
		out[column] = t.FieldByIndex(index)
	}
	return out
}

// tell tells GORM how the columns are called, and makes sure that it has understood. Without a database there is nobody to tell.
func (l *layout) tell(d *db.DB, row any) error {
	if l.unseen != nil {
		return fmt.Errorf("the columns of %v are not kept: only exported types can be embedded in a row", l.unseen)
	}
	if d == nil {
		return nil
	}
	t := reflect.TypeOf(row).Elem()
	names := map[string]string{}
	for column, index := range l.fields {
		names[t.FieldByIndex(index).Name] = column
	}
	if err := d.NameColumns(t.Name(), names); err != nil {
		return err
	}
	stmt := &gorm.Statement{DB: d.Conn(context.Background())}
	if err := stmt.Parse(row); err != nil {
		return err
	}
	for column, index := range l.fields {
		// Of two fields for one column GORM takes the one that is embedded less deep.
		if f := stmt.Schema.FieldsByDBName[column]; f == nil || !slices.Equal(f.StructField.Index, index) {
			return fmt.Errorf("the column %s is another field for GORM: columns of Base stand in Base, or in a type of the API that is embedded", column)
		}
	}
	return nil
}

// holds makes sure that there is a column for all that the kind can be filtered and ordered by.
func (l *layout) holds(kind Kind) error {
	columns := slices.Clone(kind.Orders)
	for _, f := range kind.Filters { // those that follow from the kind are columns of Base
		columns = append(columns, f.column())
	}
	for _, c := range columns {
		if l.fields[c] == nil {
			return fmt.Errorf("has no column %s to filter or to order by", c)
		}
	}
	return nil
}

// fillTwins sets the fields whose columns are those of Base, of a row that was read.
func (l *layout) fillTwins(row reflect.Value) {
	for _, t := range l.twins {
		row.FieldByIndex(t.field).Set(row.FieldByIndex(t.base))
	}
}

// fillBase sets the columns of Base that are fields of the API's types, too, of a row that was made of what is asked for.
func (l *layout) fillBase(row reflect.Value) {
	for _, t := range l.twins {
		row.FieldByIndex(t.base).Set(row.FieldByIndex(t.field))
	}
}

// normalize gives what is the same one form: it is compared with what is read again.
func (l *layout) normalize(row reflect.Value) {
	for _, index := range l.collections {
		if f := row.FieldByIndex(index); f.IsNil() && f.Kind() == reflect.Map {
			f.Set(reflect.MakeMap(f.Type()))
		} else if f.IsNil() {
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
	for _, index := range l.times {
		switch f := row.FieldByIndex(index); t := f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(stored(t)))
		case *time.Time:
			if t != nil {
				f.Set(reflect.ValueOf(new(stored(*t))))
			}
		}
	}
}

// stored is a time as the database keeps it.
func stored(t time.Time) time.Time { return t.UTC().Truncate(clock.Resolution) }

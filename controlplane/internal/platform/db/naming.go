package db

import (
	"fmt"
	"sync"

	"gorm.io/gorm/schema"
)

// naming finds the column of a field of a row type: as that type has registered it, or else by GORM's rule.
type naming struct {
	schema.NamingStrategy

	mu      sync.RWMutex
	columns map[string]map[string]string // by the table that GORM takes the type for, and the name of the field
}

// ColumnName implements schema.Namer.
func (n *naming) ColumnName(table, field string) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if column, ok := n.columns[table][field]; ok {
		return column
	}
	return n.NamingStrategy.ColumnName(table, field)
}

// NameColumns says how the columns of a row type are called, by the names of its fields. It fails where another type of the same name, which is
// all that GORM tells them apart by, has said otherwise.
func (d *DB) NameColumns(rowType string, columns map[string]string) error {
	d.naming.mu.Lock()
	defer d.naming.mu.Unlock()
	table := d.naming.TableName(rowType)
	known := d.naming.columns[table]
	if known == nil {
		known = map[string]string{}
		d.naming.columns[table] = known
	}
	for field, column := range columns {
		if is, ok := known[field]; ok && is != column {
			return fmt.Errorf("a field %s is the column %s in one table and %s in another: name one of them otherwise", field, is, column)
		}
		known[field] = column
	}
	return nil
}

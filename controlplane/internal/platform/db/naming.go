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
	columns map[string]string // by the name of the field
}

// ColumnName implements schema.Namer.
func (n *naming) ColumnName(table, field string) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if column, ok := n.columns[field]; ok {
		return column
	}
	return n.NamingStrategy.ColumnName(table, field)
}

// NameColumns says how the columns of fields are called, by the names of the fields. It fails where a field of that name was said to be
// another column: GORM tells the row types apart by their fields alone.
func (d *DB) NameColumns(columns map[string]string) error {
	d.naming.mu.Lock()
	defer d.naming.mu.Unlock()
	for field, column := range columns {
		if known, ok := d.naming.columns[field]; ok && known != column {
			return fmt.Errorf("a field %s is the column %s in one table and %s in another: name one of them otherwise", field, known, column)
		}
		d.naming.columns[field] = column
	}
	return nil
}

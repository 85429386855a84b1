// Package permission lists what roles are made of: one permission for each operation that not everybody may do. The table of operations is
// where they come from; nothing is stored.
package permission

// Package permission lists what roles are made of: one permission for each operation that not everybody may do, and those of
// fields that only some may see. The table of operations, and the types that it has, are where they come from; nothing is stored.
package permission

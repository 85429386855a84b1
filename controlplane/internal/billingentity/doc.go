// Package billingentity is the tree of those who send invoices: the operator at its root, resellers below it at any depth.
//
// Invariants:
//   - There is one root, made with the database; it is never moved and never deleted.
//   - The tree has no cycle: no billing entity stands below itself.
//   - The currency never changes: every amount that was ever invoiced is in it.
//   - Moving a billing entity touches its own row alone. Rows below it name it, not its ancestors.
package billingentity

// Package serviceaccount keeps the principals that are programs.
//
// Invariants:
//   - A service account belongs to a customer or a billing entity for good. That gives it no permissions: role bindings do.
//   - While it is not enabled, none of its tokens works; they work again when it is.
//   - What is in use by it ends with it: its tokens and its role bindings are removed in the transaction that removes it. A token that is
//     protected keeps it.
package serviceaccount

// Package role keeps the roles: sets of permissions that are given to somebody by a binding.
//
// Those that are built in are the same on every installation: builtin.json describes them by patterns of permissions, and each start of the
// server writes down what these are by now. Everybody else's belong to a customer or to a billing entity, and can be used in it and below.
//
// Invariants:
//   - A permission of a role is one that the server knows.
//   - Nobody puts a permission into a role that they do not hold themselves: neither where the role belongs, nor anywhere that it is bound.
//   - A role that is built in is never changed or deleted by a request, and no other has its name.
//   - A role that is bound is not deleted.
package role

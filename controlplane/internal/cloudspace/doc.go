// Package cloudspace keeps the isolated networks in which a customer's machines live.
//
// Invariants:
//   - A cloudspace is in one location and belongs to one customer, for good; so does everything in it.
//   - Its network never changes: machines have addresses from it.
//   - It is removed from its location before its row goes, and a row exists before anything is made in the location: what is in
//     the location without a row is an orphan, and is removed.
package cloudspace

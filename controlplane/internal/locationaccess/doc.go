// Package locationaccess keeps who may use a restricted location: a customer, or a billing entity with all customers below it.
//
// Invariants:
//   - Access is given and taken by whoever may do so with the location, not with the grantee, who need not agree.
//   - Taking it hides the location and keeps new cloudspaces out; what is there goes on.
//   - An access ends with its location and with its grantee.
package locationaccess

// Package rolebinding keeps who has which role where.
//
// A binding gives a role to a principal in a scope and in everything below it. All bindings of one scope are its policy: they have a revision
// in common, which grows with each change of one of them, however that is made. Whoever changes one holds the policy's row, so the bindings
// of a scope are changed by one transaction at a time.
//
// Invariants:
//   - There is one binding of the same principal, role and scope.
//   - Nobody gives a role with permissions that they do not hold in its scope themselves, or has one last longer.
//   - What has an owner keeps one: the last binding of an owning role that never expires is taken away only by somebody who stands above the
//     scope. The platform, which nobody stands above, always has one. Who cannot act owns nothing: the account of the last owner is not disabled,
//     and a customer whose accounts are the last owners of something else is not terminated.
//   - A binding ends with its scope and with its principal.
package rolebinding

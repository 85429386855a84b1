// Package location keeps the places where machines run.
//
// Invariants:
//   - A location has one driver, for good: what runs in it is only known to that driver.
//   - A location that is not enabled takes no new cloudspaces; those that are in it go on.
//   - A restricted location takes new cloudspaces only of customers that have access to it, by themselves or by a billing entity above
//     them, whoever makes them.
package location

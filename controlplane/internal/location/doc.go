// Package location keeps the places where machines run.
//
// Invariants:
//   - A location has one driver, for good: what runs in it is only known to that driver.
//   - A location that is not enabled takes no new cloudspaces; those that are in it go on.
package location

// Package customer keeps the organisations that use resources and pay for them.
//
// The life cycle, in the field status:
//
//	pending ──▶ active ◀──▶ suspended
//	   └───────────┴────────────┴──▶ terminated   (for good: everything it had is removed, its record stays)
//
// Invariants:
//   - A billing entity has at most customer_limit customers that are not terminated.
//   - Only an active customer makes resources. What a suspended one had running is stopped, and started again when it is active;
//     power_state, what was asked for, stays as it was.
//   - A status that has work to be done is changed by an operation.
package customer

// Package operation shows the work that goes on after a request has been answered, and lets it be cancelled. What the work is, and how it
// survives the end of a node, is in package saga.
//
//	pending ──▶ running ──▶ succeeded
//	   │           ├──────▶ failed
//	   └───────────┴──────▶ cancelled
package operation

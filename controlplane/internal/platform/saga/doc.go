// Package saga runs long work as operations: a list of steps, each with its undo, whose progress is kept in the database so that
// it survives the end of any node.
//
// # What an operation promises
//
//   - It is made in the transaction that asks for it: a rollback leaves neither an operation nor a job.
//   - Its steps run one after another, each outside of a transaction. When a step has done its work, a short transaction says so;
//     an operation that is interrupted goes on at the first step of which that is not said, on any node.
//   - It ends in exactly one of three states, together with what Done or Failed writes: succeeded, all steps done; failed or
//     cancelled, and then everything that was begun has been undone in reverse order. Where undoing fails for good it ends as
//     failed with needs_attention, and says which step is left.
//
// As a diagram:
//
//	pending ──▶ running ──▶ succeeded
//	   │           ├──────▶ failed       a step failed; its undo and those of all before it have run
//	   └───────────┴──────▶ cancelled    the same, because somebody asked
//
// # What a step has to promise
//
// Do may run more than once, also after it has succeeded, and may be cut off anywhere: it must be idempotent. Ids of what it makes
// outside are therefore chosen before it runs (the object's own id, or one kept with Save by an earlier step). Undo may meet a Do
// that did nothing, a part, or everything; and it may itself run more than once. Both must end soon after their context has
// ended. Package sagatest proves all that for a definition.
//
// # One runner at a time
//
// A runner that takes an operation counts up its fence, and everything that it writes requires that fence. A runner that was
// thought dead and is merely slow therefore cannot write anything: it finds its fence gone and stops.
package saga

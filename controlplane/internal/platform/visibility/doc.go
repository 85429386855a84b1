// Package visibility leaves out of an answer the fields that its reader may not see.
//
// A field that is marked with x-visible=<permission> is seen and set by whoever has that permission where the object stands. Objects are
// stored, audited and kept for repetitions whole; on its way to a caller every one of them passes a Renderer, which knows from the types of Go
// where in an answer objects of which kind are. It takes out what that caller may not see, and names it in hidden_fields: so null and
// hidden are told apart.
//
// Words that others have written about an object, the reason of a failure, may quote any of its fields. They are for who sees all of it.
package visibility

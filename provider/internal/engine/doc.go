// Package engine turns the catalog into Terraform: for every kind that can be managed a resource and a list resource,
// for every kind a data source by id, name or key and one that lists. It holds no kind's name; what a kind is like
// comes from its fields and their traits. What follows from no trait is Go of its own, in package hooks, which builds on
// hook.go.
//
// Files by concern: kind.go (what a kind is to Terraform), schema.go (traits become attributes), rule.go (traits become checks at plan), value.go (JSON to
// Terraform values and back), patch.go (what a write sends), resource.go (the life cycle), plan.go (what a plan
// shows beyond the schema), write.go (conflicts, interruptions and waits), reads.go (many reads in few requests),
// problem.go (refusals become diagnostics), datasource.go, datasources.go and listresource.go.
//
// # What is kept beside the attributes
//
// Every managed object's identity is its id. Private state holds its revision (sent as If-Match), the operation that
// an interrupted run left behind, and which attributes with a server-made default the configuration set, because
// Terraform cannot show a provider that such an attribute was removed.
//
// # Singletons
//
// A singleton kind has one object for each object that its key field names, for as long as that one exists. Its
// resource declares the whole of it: a create reads what is there, says in the plan what of that goes, and sends the
// difference with the revision that it read; a delete puts it back to its beginning.
//
// # Objects that are not finished
//
// Kinds whose writes may go on after they are answered have one attribute that is not the catalog's: unfinished. It
// is null on an object that is as it was asked for. A read sets it when the last operation failed, when an operation
// that an interrupted run left behind still runs, or when the object is being made or deleted; the plan then shows it
// going to null, and the apply waits for what runs and asks again for what failed (PATCH, empty if nothing else
// changed). One that is being deleted is planned for replacement. So an interrupted create needs no taint: it ends
// with a warning and its id in the state, and the next apply goes on. A create that failed is an error, which
// Terraform answers with a taint: the next apply replaces the object.
package engine

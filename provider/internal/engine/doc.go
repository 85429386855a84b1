// Package engine turns the catalog into Terraform: for every kind that can be managed a resource, for every kind a
// data source by id or name and one that lists, and for every named kind a list resource. It holds no kind's name;
// what a kind is like comes from its fields and their traits.
//
// Files by concern: schema.go (traits become attributes), rule.go (traits become checks at plan), value.go (JSON to
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

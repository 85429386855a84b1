package engine

// The life cycle of a resource, the same for every kind.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// States of an object that the engine acts on.
const (
	statePending  = "pending"
	stateCreating = "creating"
	stateDeleting = "deleting"
	stateRecycled = "recycled"
	stateFailed   = "failed"
)

// How long things may take unless the configuration says otherwise. An import has no configuration, so a default is
// what bounds it.
const (
	defaultWriteTime = 30 * time.Minute
	defaultReadTime  = 5 * time.Minute
)

// kindResource is the resource of one kind.
type kindResource struct {
	catalog *catalog.Catalog
	kind    *catalog.Kind
	schema  schema.Schema
	session *Session
}

var (
	_ resource.ResourceWithConfigure      = (*kindResource)(nil)
	_ resource.ResourceWithIdentity       = (*kindResource)(nil)
	_ resource.ResourceWithImportState    = (*kindResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*kindResource)(nil)
	_ resource.ResourceWithValidateConfig = (*kindResource)(nil)
)

// Metadata implements resource.Resource.
func (r *kindResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = typeName(r.kind)
}

// Schema implements resource.Resource.
func (r *kindResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema
}

// IdentitySchema implements resource.ResourceWithIdentity. Everything else about an object can change, its name and
// its parent too; so its id alone is its identity.
func (r *kindResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	what := fmt.Sprintf("Id of the %s, %s_….", lower(r.kind.Title), r.kind.Prefix)
	if r.kind.Singleton {
		what = fmt.Sprintf("The %s.", r.kind.Key[0])
	}
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true, Description: what},
	}}
}

// Configure implements resource.ResourceWithConfigure.
func (r *kindResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.session, _ = req.ProviderData.(*Session)
}

// ValidateConfig implements resource.ResourceWithValidateConfig.
func (r *kindResource) ValidateConfig(_ context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	checkTogether(r.kind.Fields, req.Config.Raw, path.Empty(), &resp.Diagnostics)
}

// Create implements resource.Resource.
func (r *kindResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	if !r.session.Usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := limited(ctx, req.Plan.Raw, "create", defaultWriteTime)
	defer cancel()
	name := label(r.kind, req.Plan.Raw)

	res, err := r.begin(ctx, req.Plan.Raw, req.Config.Raw)
	if err != nil {
		if p := client.AsProblem(err); taken(p) {
			resp.Diagnostics.Append(existsAlready(r.kind, name, p)...)
			return
		}
		resp.Diagnostics.Append(r.failure(ctx, "create", name, err, "Nothing was sent to the control plane, or it is not known whether it was acted on: "+
			"if the object exists after all, the next apply says how to adopt it.")...)
		return
	}

	// From here on there is an object: its id goes into the state before anything else can fail, so that it is
	// never lost.
	w := &writing{r, "create", name, req.Plan.Raw, nil, &resp.State, resp.Identity, resp.Private, &resp.Diagnostics}
	if !w.accept(ctx, res) {
		return
	}
	resp.Diagnostics.Append(setOwnedAttributes(ctx, resp.Private, r.kind.Fields, req.Config.Raw)...)
	w.finish(ctx, res, taintAdvice(req.Plan.Raw))
}

// begin sends what makes an object.
func (r *kindResource) begin(ctx context.Context, plan, config tftypes.Value) (*client.Response, error) {
	if r.kind.Singleton {
		return r.session.replace(ctx, r.kind, text(member(plan, r.kind.IDField())), plan, config)
	}
	return r.session.create(ctx, r.kind, createBody(r.kind.Fields, plan, config))
}

// taintAdvice says what follows from a create that did not end well.
func taintAdvice(plan tftypes.Value) string {
	if protected(plan) {
		return "Terraform has marked the resource as tainted and would replace it, which its deletion_protection refuses. " +
			"Run terraform untaint: the next apply then asks for the same object again."
	}
	return "Terraform has marked the resource as tainted: the next apply replaces it. " +
		"To keep the object and have the next apply ask for it again, run terraform untaint first."
}

// Read implements resource.Resource.
func (r *kindResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	if !r.session.Usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := limited(ctx, req.State.Raw, "read", defaultReadTime)
	defer cancel()
	id := text(member(req.State.Raw, "id"))
	// Also where the object is gone: the framework insists, and Terraform before 1.12 never stored one.
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)

	o, err := r.session.reads.get(ctx, r.kind, id, req.State.Raw)
	if client.IsNotFound(err) || (err == nil && o.text("state") == stateRecycled) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.Append(r.failure(ctx, "read", label(r.kind, req.State.Raw), err, "")...)
		return
	}
	value, err := reconcile(r.kind.Fields, r.objectType(ctx), o, req.State.Raw)
	if err != nil {
		resp.Diagnostics.Append(problemDiagnostics(r.kind, "read", o.label(r.kind), err)...)
		return
	}
	left := privateText(ctx, resp.Private, keyOperation)
	resp.State.Raw = withUnfinished(value, unfinished(o, left))
	if left != "" && left != o.text("operation_id") {
		resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, keyOperation, "")...)
	}
	resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, keyRevision, o.etag())...)
	resp.Diagnostics.Append(setHidden(ctx, resp.Private, r.kind, o)...)
}

// Update implements resource.Resource.
func (r *kindResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	if !r.session.Usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := limited(ctx, req.Plan.Raw, "update", defaultWriteTime)
	defer cancel()
	id, name := text(member(req.State.Raw, "id")), label(r.kind, req.State.Raw)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)
	body := mergePatch(r.kind.Fields, req.State.Raw, req.Plan.Raw, req.Config.Raw)
	w := &writing{r, "update", name, req.Plan.Raw, body, &resp.State, resp.Identity, resp.Private, &resp.Diagnostics}
	etag := privateText(ctx, req.Private, keyRevision)
	send := len(body) > 0
	if !absent(member(req.State.Raw, unfinishedAttribute)) {
		o, err := r.ended(ctx, id)
		if err != nil {
			resp.Diagnostics.Append(r.failure(ctx, "update", name, err, "")...)
			return
		}
		send = send || o.text("state") == stateFailed
	}
	switch {
	case send:
		res, err := r.session.patch(ctx, r.kind, id, etag, body, req.State.Raw)
		if c := (*conflict)(nil); errors.As(err, &c) {
			resp.Diagnostics.Append(r.conflictDiagnostics(name, c, req.State.Raw, req.Plan.Raw)...)
			return
		}
		if err != nil {
			resp.Diagnostics.Append(r.failure(ctx, "update", name, err, "")...)
			return
		}
		if !w.accept(ctx, res) {
			return
		}
		resp.Diagnostics.Append(setOwnedAttributes(ctx, resp.Private, r.kind.Fields, req.Config.Raw)...)
		w.finish(ctx, res, "The next apply asks for it again.")
	default:
		// Only Terraform's own attributes differ, or what went on has ended well.
		resp.Diagnostics.Append(setOwnedAttributes(ctx, resp.Private, r.kind.Fields, req.Config.Raw)...)
		if req.Plan.Raw.IsFullyKnown() {
			resp.State.Raw = req.Plan.Raw
			return
		}
		w.read(ctx, id)
	}
}

// Delete implements resource.Resource.
func (r *kindResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	if !r.session.Usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := limited(ctx, req.State.Raw, "delete", defaultWriteTime)
	defer cancel()
	id, name := text(member(req.State.Raw, "id")), label(r.kind, req.State.Raw)

	res, err := r.session.remove(ctx, r.kind, id, privateText(ctx, req.Private, keyRevision))
	if err != nil {
		resp.Diagnostics.Append(r.failure(ctx, "delete", name, err, "")...)
		return
	}
	if res == nil || res.OperationID() == "" {
		return
	}
	resp.Diagnostics.Append(setPrivateText(ctx, resp.Private, keyOperation, res.OperationID())...)
	_, err = r.session.api.WaitOperation(ctx, res.OperationID())
	failed := (*client.OperationFailedError)(nil)
	switch {
	case err == nil:
	case errors.As(err, &failed):
		reason := ""
		if o, gone := r.session.reads.fresh(ctx, r.kind, id); gone == nil {
			reason = o.text("state_reason")
		} else if client.IsNotFound(gone) {
			return
		}
		resp.Diagnostics.Append(operationFailure(r.kind, "delete", name, failed, reason, res.RequestID(), "It is still in the state: destroy it again.")...)
	default:
		resp.Diagnostics.Append(r.failure(ctx, "delete", name, err, "The deletion goes on in the control plane. The next run waits for it.")...)
	}
}

// ImportState implements resource.ResourceWithImportState.
func (r *kindResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if !r.session.Usable(&resp.Diagnostics) {
		return
	}
	wanted := req.ID
	if wanted == "" && req.Identity != nil {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &wanted)...)
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTime)
	defer cancel()
	id, diags := r.session.resolve(ctx, r.kind, wanted)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), id)...)
}

// ended waits for what goes on with an object, and returns it as it is then.
func (r *kindResource) ended(ctx context.Context, id string) (object, error) {
	about := &reference{r.kind, id}
	for {
		waited, err := r.session.settle(ctx, about)
		if err != nil {
			return nil, err
		}
		if !waited {
			return r.session.reads.fresh(ctx, r.kind, id)
		}
	}
}

func (r *kindResource) objectType(ctx context.Context) tftypes.Object {
	return r.schema.Type().TerraformType(ctx).(tftypes.Object)
}

// failure renders an error of a request, with what it means if Terraform was stopped or a time limit has passed.
func (r *kindResource) failure(ctx context.Context, verb, name string, err error, meaning string) diag.Diagnostics {
	var diags diag.Diagnostics
	if ctx.Err() == nil || client.AsProblem(err) != nil {
		return problemDiagnostics(r.kind, verb, name, err)
	}
	why := fmt.Sprintf("The time limit (timeouts.%s) has passed.", verb)
	if interrupted(ctx) {
		why = "Terraform was asked to stop."
	}
	diags.AddError(fmt.Sprintf("Cannot %s %s", verb, what(r.kind, name)), strings.TrimSpace(why+" "+meaning))
	return diags
}

func (r *kindResource) conflictDiagnostics(name string, c *conflict, state, plan tftypes.Value) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, pointer := range c.pointers {
		at, _ := attributePath(r.kind.Fields, pointer)
		diags.AddAttributeError(at, fmt.Sprintf("Cannot update %s: %s was changed meanwhile", what(r.kind, name), at),
			fmt.Sprintf("Somebody changed %s after this plan was made: it was %s, is now %s, and the plan makes it %s. Nothing was changed. Plan again to see the difference.",
				at, show(state, pointer), show(c.now, pointer), show(plan, pointer)))
	}
	return diags
}

// show prints what a value holds at a JSON pointer.
func show(v tftypes.Value, pointer string) string {
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		v = member(v, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
	}
	if absent(v) {
		return "not set"
	}
	return fmt.Sprintf("%v", printable(toJSON(v)))
}

func printable(v any) any {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return v
}

// unfinished is the value of the attribute of that name; left is the operation that an interrupted run left behind.
func unfinished(o object, left string) string {
	state, op := o.text("state"), o.text("operation_id")
	switch {
	case state == stateFailed:
		reason := strings.Join(strings.Fields(o.text("state_reason")), " ")
		if reason == "" {
			return stateFailed
		}
		return stateFailed + ": " + reason
	case state == stateDeleting:
		return stateDeleting + ": operation " + op
	case op != "" && (op == left || state == statePending || state == stateCreating):
		return state + ": operation " + op
	}
	return ""
}

// withUnfinished sets that attribute, where the kind has it.
func withUnfinished(v tftypes.Value, unfinished string) tftypes.Value {
	m := members(v)
	if _, ok := m[unfinishedAttribute]; !ok {
		return v
	}
	var content any
	if unfinished != "" {
		content = unfinished
	}
	m[unfinishedAttribute] = tftypes.NewValue(tftypes.String, content)
	return tftypes.NewValue(v.Type(), m)
}

// limited bounds a verb by the attribute timeouts.
func limited(ctx context.Context, v tftypes.Value, verb string, most time.Duration) (context.Context, context.CancelFunc) {
	if d, err := time.ParseDuration(text(member(member(v, timeoutsAttribute), verb))); err == nil && d > 0 {
		most = d
	}
	return context.WithTimeout(ctx, most)
}

// writing is a create or update whose request was accepted.
type writing struct {
	*kindResource
	verb, name string
	plan       tftypes.Value
	patch      map[string]any // what an update sent
	state      *tfsdk.State
	identity   *tfsdk.ResourceIdentity
	private    privateState
	diags      *diag.Diagnostics
}

// accept saves what the server answered.
func (w *writing) accept(ctx context.Context, res *client.Response) bool {
	o, err := objectOf(w.kind, res.Body)
	if err == nil && o.text("id") == "" {
		err = fmt.Errorf("the server's answer has no id (request %s)", res.RequestID())
	}
	if err != nil {
		w.diags.Append(problemDiagnostics(w.kind, w.verb, w.name, err)...)
		return false
	}
	w.diags.Append(w.identity.SetAttribute(ctx, path.Root("id"), o.text("id"))...)
	w.diags.Append(setPrivateText(ctx, w.private, keyOperation, res.OperationID())...)
	return w.save(ctx, o)
}

func (w *writing) save(ctx context.Context, o object) bool {
	value, err := reconcile(w.kind.Fields, w.objectType(ctx), o, w.plan)
	if err != nil {
		// At least the id is kept.
		w.diags.Append(w.state.SetAttribute(ctx, path.Root("id"), o.text("id"))...)
		w.diags.Append(problemDiagnostics(w.kind, w.verb, w.name, err)...)
		return false
	}
	if w.verb == "update" {
		value = asPlanned(value, w.plan, w.patch)
	}
	w.state.Raw = value
	w.diags.Append(setPrivateText(ctx, w.private, keyRevision, o.etag())...)
	w.diags.Append(setHidden(ctx, w.private, w.kind, o)...)
	return true
}

// finish waits for the operation that the request started, if any, and saves the object as it is then. advice is what
// to do if the operation fails.
func (w *writing) finish(ctx context.Context, res *client.Response, advice string) {
	op := res.OperationID()
	if op == "" {
		return
	}
	o, _ := objectOf(w.kind, res.Body)
	id := o.text("id")
	_, err := w.session.api.WaitOperation(ctx, op)
	failed := (*client.OperationFailedError)(nil)
	switch {
	case err == nil:
		if w.read(ctx, id) {
			w.diags.Append(setPrivateText(ctx, w.private, keyOperation, "")...)
		}
	case errors.As(err, &failed):
		w.failed(ctx, id, failed, res.RequestID(), advice)
	case interrupted(ctx):
		// Not an error: that would taint a new object, and the next apply would delete what is about to be ready.
		w.diags.AddWarning(fmt.Sprintf("Interrupted: the %s of %s goes on", w.verb, what(w.kind, w.name)),
			fmt.Sprintf("Terraform was asked to stop while operation %s runs in the control plane. The object %s is in the state, and the next apply waits for it to be ready.", op, id))
	default:
		w.diags.Append(w.failure(ctx, w.verb, w.name, err, fmt.Sprintf("Operation %s goes on in the control plane. %s", op, advice))...)
	}
}

// failed saves the object after its operation has failed, and reports why.
func (w *writing) failed(ctx context.Context, id string, failed *client.OperationFailedError, requestID, advice string) {
	w.diags.Append(setPrivateText(ctx, w.private, keyOperation, "")...)
	reason := ""
	o, err := w.session.reads.fresh(ctx, w.kind, id)
	switch {
	case client.IsNotFound(err) && w.verb == "create":
		// The operation has undone all of it: there is nothing to keep.
		w.state.RemoveResource(ctx)
		advice = "Nothing is left of it: apply again to try once more."
	case err == nil:
		reason = o.text("state_reason")
		if w.save(ctx, o) {
			w.state.Raw = withUnfinished(w.state.Raw, unfinished(o, ""))
		}
	}
	w.diags.Append(operationFailure(w.kind, w.verb, w.name, failed, reason, requestID, advice)...)
}

// read saves the object as it is now.
func (w *writing) read(ctx context.Context, id string) bool {
	o, err := w.session.reads.fresh(ctx, w.kind, id)
	if err != nil {
		w.diags.Append(w.failure(ctx, w.verb, w.name, err, "")...)
		return false
	}
	return w.save(ctx, o)
}

// asPlanned takes from the result of an update what the update was about: what its patch sent, and what the plan did
// not know. The rest is kept as planned. Others may have changed it meanwhile, and values that the server sets may
// have changed with the write; Terraform would call either an inconsistent result, and the next refresh sees both.
func asPlanned(now, plan tftypes.Value, patch any) tftypes.Value {
	sent, partly := patch.(map[string]any)
	switch {
	case now.Type() == nil || plan.Type() == nil || !plan.IsKnown():
		return now
	case patch != nil && !partly:
		return now
	case plan.IsNull():
		return plan
	case !plan.Type().Is(tftypes.Object{}) && !plan.Type().Is(tftypes.Map{}):
		if plan.IsFullyKnown() {
			return plan
		}
		return now
	}
	was, out := members(plan), members(now)
	if out == nil {
		// All of it is gone: either that was sent, or it is none of this update's business.
		if partly {
			return now
		}
		return plan
	}
	for name := range out {
		_, expected := was[name]
		if _, removed := sent[name]; !expected && !removed {
			delete(out, name)
		}
	}
	for name, p := range was {
		part, isSent := sent[name]
		o, exists := out[name]
		switch {
		case isSent && part == nil, isSent && !exists:
			// Cleared, or unset in the answer: what the server says.
		case !exists:
			out[name] = p
		default:
			out[name] = asPlanned(o, p, part)
		}
	}
	return tftypes.NewValue(plan.Type(), out)
}

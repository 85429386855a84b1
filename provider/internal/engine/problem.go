package engine

// Refusals and failures become diagnostics: on the attribute that they are about, with the request id under which
// the server logged the cause, and with what to do next where that is known.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// typeName is the kind's name in Terraform.
func typeName(k *catalog.Kind) string { return "demarc_" + k.Name }

// what names an object in a summary. Terraform folds diagnostics with equal summaries into one, so every summary says
// which object it is about.
func what(k *catalog.Kind, name string) string {
	if name == "" {
		return typeName(k)
	}
	return fmt.Sprintf("%s %q", typeName(k), name)
}

// problemDiagnostics renders an error of the client. verb is what was tried: "create".
func problemDiagnostics(k *catalog.Kind, verb, name string, err error) diag.Diagnostics {
	var diags diag.Diagnostics
	summary := fmt.Sprintf("Cannot %s %s", verb, what(k, name))
	p := client.AsProblem(err)
	if p == nil {
		diags.AddError(summary, sentence(err.Error()))
		return diags
	}
	request := ""
	if p.RequestID != "" {
		request = "\n\nRequest id: " + p.RequestID
	}
	for _, e := range p.Errors {
		at, ok := attributePath(k.Fields, e.Pointer)
		detail := sentence(e.Detail) + request
		if ok {
			diags.AddAttributeError(at, fmt.Sprintf("%s: %s is refused", summary, at), detail)
			continue
		}
		diags.AddError(fmt.Sprintf("%s: %s is refused", summary, strings.TrimPrefix(e.Pointer, "/")), detail)
	}
	if len(p.Errors) > 0 {
		return diags
	}
	detail := sentence(p.Summary())
	switch {
	case p.Code == "has_children":
		var b strings.Builder
		fmt.Fprintf(&b, "%s\n\nIt still contains:\n", detail)
		for _, c := range p.Children {
			fmt.Fprintf(&b, "  - %s %s (%s)\n", c.Kind, c.Name, c.ID)
		}
		if more := p.ChildrenTotal - len(p.Children); more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
		b.WriteString("\nDelete them first. If Terraform manages them, let them refer to this resource, so that it knows the order.")
		detail = b.String()
	case p.Code == "deletion_protected":
		diags.AddAttributeError(path.Root("deletion_protection"), summary, protectedAdvice+request)
		return diags
	case p.Status == http.StatusNotFound && k.Singleton && verb == "create":
		diags.AddAttributeError(path.Root(k.Key[0]), summary, "There is nothing with that id, or this token may not see it."+request)
		return diags
	case p.Status == http.StatusUnauthorized:
		detail += "\n\nThe token was refused. The provider takes it from its argument token, else from " + client.EnvToken + " or the file named by " + client.EnvTokenFile + "."
	case p.Status == http.StatusForbidden:
		if op, ok := k.Operations[operationOf(k, verb)]; ok {
			detail += fmt.Sprintf("\n\nIt needs the permission %s.", op.Permission)
		}
	}
	diags.AddError(summary, detail+request)
	return diags
}

const protectedAdvice = "It is protected from deletion. Set deletion_protection = false and apply that first; then it can be deleted or replaced."

// operationOf maps the verb of a summary to the catalog's.
func operationOf(k *catalog.Kind, verb string) string {
	switch {
	case verb == "read":
		return "get"
	case verb == "import" && k.Operations["list"].Path != "":
		return "list"
	case verb == "create" && k.Singleton:
		return "update"
	}
	return verb
}

// existsAlready is the diagnostic of a create that another object is in the way of, by its name or its key: it says how
// to adopt that one.
func existsAlready(k *catalog.Kind, name string, p *client.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	is, instead := "it exists already", "change what identifies this one"
	if p.Code == "name_taken" {
		is, instead = "the name is taken", "choose another name"
	}
	detail := sentence(p.Detail)
	if p.ExistingID != "" {
		to := typeName(k) + ".example"
		detail += fmt.Sprintf("\n\nThe object that is there is %s. To manage that one instead of making another, with this resource's own address in place of %s, run\n\n"+
			"  terraform import %s %s\n\nor add\n\n  import {\n    to = %s\n    id = %q\n  }", p.ExistingID, to, to, p.ExistingID, to, p.ExistingID)
	} else {
		detail += fmt.Sprintf("\n\nThe object that is there is not visible to this token; %s.", instead)
	}
	if p.RequestID != "" {
		detail += "\n\nRequest id: " + p.RequestID
	}
	summary := fmt.Sprintf("Cannot create %s: %s", what(k, name), is)
	if p.Code == "name_taken" {
		diags.AddAttributeError(path.Root("name"), summary, detail)
	} else {
		diags.AddError(summary, detail)
	}
	return diags
}

// operationFailure is the diagnostic of an operation that ended otherwise than well. reason is the object's
// state_reason, requestID that of the request which started the operation.
func operationFailure(k *catalog.Kind, verb, name string, failed *client.OperationFailedError, reason, requestID, advice string) diag.Diagnostics {
	var diags diag.Diagnostics
	detail := sentence(failed.Error())
	if reason != "" && (failed.Operation.Error == nil || !strings.Contains(failed.Operation.Error.Detail, reason)) {
		detail += "\n\nReason: " + sentence(reason)
	}
	if advice != "" {
		detail += "\n\n" + advice
	}
	detail += "\n\nOperation id: " + failed.Operation.ID
	if requestID != "" {
		detail += "\nRequest id: " + requestID
	}
	diags.AddError(fmt.Sprintf("Cannot %s %s: the operation %s", verb, what(k, name), failed.Operation.State), detail)
	return diags
}

// attributePath is the attribute that a JSON pointer into a body of the API is about; false if there is none.
func attributePath(fields []catalog.Field, pointer string) (path.Path, bool) {
	steps := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(steps[i])
	}
	at := path.Empty()
	for i := 0; i < len(steps); i++ {
		f := fieldOf(fields, steps[i])
		if f == nil || f.Volatile {
			// Inside a value that Terraform does not know by part: the whole of it.
			return at, i > 0
		}
		if f.WriteOnly {
			return at.AtName(f.Name + writeOnlySuffix), true
		}
		at = at.AtName(f.Name)
		fields = f.Fields
		if f.Type == catalog.Map && i+1 < len(steps) {
			i++
			at = at.AtMapKey(steps[i])
			fields = nil
			if f.Items != nil {
				fields = f.Items.Fields
			}
		}
	}
	return at, true
}

func fieldOf(fields []catalog.Field, name string) *catalog.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

// interrupted says whether a context ended because somebody stopped Terraform, rather than by its time limit.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// sentence begins with a capital and ends with a full stop, as diagnostics of Terraform do.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return "The server gave no reason."
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?:") {
		s += "."
	}
	return s
}

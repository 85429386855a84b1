package access

import (
	"context"
	"net/http"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

// ops are for everybody: what they answer is what the caller may see.
func (a api) ops() []httpapi.Op {
	op := func(id, verb, path, permission string, h httpapi.Handler) httpapi.Op {
		return httpapi.Op{ID: id, Verb: verb, Method: http.MethodGet, Path: path, Permission: permission, Scope: httpapi.ScopeCaller, Handle: h}
	}
	return []httpapi.Op{
		op("whoami.get", "whoami", "/whoami", "whoami.get", httpapi.Handle(a.whoami)),
		op("permissions.check", "check", "/permissions/check", "permissions.check", httpapi.Handle(a.check)),
		op("permissions.effective", "effective", "/permissions/effective", "permissions.effective", httpapi.Handle(a.effective)),
		op("access.list", httpapi.List, "/access", listBindings, httpapi.Handle(a.list)),
	}
}

// @Summary	Say who calls, with which token and which roles
// @ID		whoami.get
// @Success	200	{object}	Whoami
// @Router	/whoami [get]
func (a api) whoami(ctx context.Context, _ httpapi.GetInput) (Whoami, error) {
	return a.Whoami(ctx)
}

// @Summary	Say whether the caller may do something
// @ID		permissions.check
// @Param	checks	query		string	true	"Questions with commas between them, at most 100: a permission, or permission@id for one object"
// @Success	200	{object}	Checks
// @Router	/permissions/check [get]
func (a api) check(ctx context.Context, in httpapi.GetInput) (Checks, error) {
	return a.Check(ctx, in.Query.Get("checks"))
}

// @Summary	Say all that the caller may do in a place, and below it
// @ID		permissions.effective
// @Param	resource_id	query		string	false	"The object; the platform unless one is named"
// @Success	200			{object}	Effective
// @Router	/permissions/effective [get]
func (a api) effective(ctx context.Context, in httpapi.GetInput) (Effective, error) {
	object := authz.Platform
	if in.Query.Has("resource_id") {
		object = in.Query.Get("resource_id")
	}
	return a.Effective(ctx, object)
}

// @Summary	List who can do what with an object, and by which role binding
// @ID		access.list
// @Param	resource_id	query		string	true	"The object, or platform"
// @Success	200	{object}	List
// @Router	/access [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (List, error) {
	return a.List(ctx, in.ListQuery)
}

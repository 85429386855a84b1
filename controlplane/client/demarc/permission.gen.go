// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"github.com/demarc/demarc/controlplane/client"
)

// Permission is a permission, as it is answered. What it takes to do an operation, or to see fields that only some may see. Roles are made of
// permissions.
type Permission struct {
	ID          string `json:"id"`          // Id: the plural of the kind and the verb, such as virtual_machines.create.
	Kind        string `json:"kind"`        // Kind of the objects that it is about.
	Verb        string `json:"verb"`        // What may be done, in one word.
	Description string `json:"description"` // What may be done, for people.
}

// PermissionQuery says which permissions a list finds: all, unless it says more.
type PermissionQuery struct {
	Kind     string `query:"kind"`      // Those about one kind.
	PageSize int    `query:"page_size"` // How many objects one request brings, up to 500; 0 for as many as that.
}

// PermissionKind is what can be done with permissions.
type PermissionKind struct {
	client.Getter[Permission]
	client.Lister[Permission, PermissionQuery]
}

// Permissions are the permissions of a server.
func Permissions(c *client.Client) PermissionKind {
	return client.Bind[PermissionKind](c, kind("permission"))
}

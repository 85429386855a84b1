package permission

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes permissions.
var Kind = resource.Kind{
	Name: "permission", Title: "Permission", Category: "Access", Virtual: true,
	Description: "What an operation takes. Roles are made of permissions.",
	Key:         []string{"id"},
	Filters:     []resource.Filter{{Name: "kind", Words: "Those about one kind"}},
}

// Permission is what an operation takes.
type Permission struct {
	// Id: the plural of the kind and the verb, such as virtual_machines.create.
	ID string `json:"id" readonly:"true"`
	// Kind of the objects that the operation is about.
	Kind string `json:"kind" readonly:"true"`
	// What the operation does.
	Verb string `json:"verb" readonly:"true"`
	// What it does, for people.
	Description string `json:"description" readonly:"true"`
} // @name Permission

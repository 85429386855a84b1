package permission

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes permissions.
var Kind = resource.Kind{
	Name: "permission", Title: "Permission", Category: "Access", Virtual: true,
	Description: "What it takes to do an operation, or to see fields that only some may see. Roles are made of permissions.",
	Key:         []string{"id"},
	Filters:     []resource.Filter{{Name: "kind", Words: "Those about one kind"}},
}

// Permission is what an operation takes.
type Permission struct {
	// Id: the plural of the kind and the verb, such as virtual_machines.create.
	ID string `json:"id" readonly:"true"`
	// Kind of the objects that it is about.
	Kind string `json:"kind" readonly:"true"`
	// What may be done, in one word.
	Verb string `json:"verb" readonly:"true"`
	// What may be done, for people.
	Description string `json:"description" readonly:"true"`
} // @name Permission

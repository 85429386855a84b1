package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/permission"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/role"
)

const permissionsHead = `---
page_title: "Roles and permissions"
subcategory: ""
description: |-
  Every permission, where it is asked for, and which of the built-in roles have it.
---

# Roles and permissions

How roles are bound is told in the guide on [access](access.md). This page is made from the server's table of operations.

## Scopes

A role can be bound on each of these, and holds there and in all that is in it:

`

// permissionsPage is the guide with the tables of scopes, roles and permissions.
func permissionsPage(kinds []resource.Kind, ops []httpapi.Op) string {
	var b strings.Builder
	b.WriteString(permissionsHead)
	b.WriteString("| Scope | Holds in |\n|---|---|\n| `platform` | everything |\n")
	for _, k := range kinds {
		if k.Scope {
			fmt.Fprintf(&b, "| %s | %s |\n", strings.ToLower(k.Title), contents(k, kinds))
		}
	}
	b.WriteString("\n## Built-in roles\n\nThey belong to the operator; their ids differ from installation to installation, their paths do not.\n\n| Role | Path | What it is for |\n|---|---|---|\n")
	ids := permission.IDs(ops)
	roles := role.BuiltIns()
	for _, r := range roles {
		what := r.Description
		if r.Owner {
			what += " Who has it owns the scope: the last one cannot be removed from within."
		}
		fmt.Fprintf(&b, "| %s | `operator/%s` | %s |\n", r.DisplayName, r.Name, what)
	}
	b.WriteString("\n## Permissions\n\nThe columns are the built-in roles, in the order above.\n")
	for _, k := range kinds {
		var rows []string
		for _, op := range ops {
			if op.Kind != k.Name || op.Scope == httpapi.ScopeCaller {
				continue
			}
			rows = append(rows, rowOf(op.Permission, askedFor(op), roles, ids))
		}
		for _, p := range httpapi.FieldPermissions(ops) {
			if p.Kind == k.Name {
				rows = append(rows, rowOf(p.ID, "the object, to see and set `"+strings.Join(p.Fields, "`, `")+"`", roles, ids))
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| Permission | Asked for on |", k.Title)
		for _, r := range roles {
			fmt.Fprintf(&b, " %s |", strings.ReplaceAll(r.Name, "-", " "))
		}
		b.WriteString("\n|---|---|" + strings.Repeat(":-:|", len(roles)) + "\n" + strings.Join(rows, "\n") + "\n")
	}
	return b.String()
}

// rowOf is the row of a permission, with a mark for each of the roles that has it.
func rowOf(id, askedFor string, roles []role.BuiltIn, ids []string) string {
	row := fmt.Sprintf("| `%s` | %s |", id, askedFor)
	for _, r := range roles {
		mark := " "
		if slices.Contains(r.Resolve(ids), id) {
			mark = "✓"
		}
		row += " " + mark + " |"
	}
	return row
}

// contents says what is in a scope of that kind.
func contents(scope resource.Kind, kinds []resource.Kind) string {
	switch scope.Tenant {
	case resource.BillingEntityColumn:
		return "it, the billing entities below it at any depth, their customers, and what those have"
	case resource.CustomerColumn:
		return "it, and what it has"
	}
	var in []string
	for _, k := range kinds {
		for _, link := range k.Scopes {
			if link.Kind == scope.Name && k.Named {
				in = append(in, strings.ReplaceAll(k.Plural(), "_", " "))
			}
		}
	}
	if in == nil {
		return "it alone"
	}
	return "it, and the " + strings.Join(in, ", ") + " in it"
}

// askedFor says where an operation's permission is needed.
func askedFor(op httpapi.Op) string {
	switch op.Scope {
	case httpapi.ScopePlatform:
		return "the platform"
	case httpapi.ScopeParent:
		return "what `" + op.ParentField + "` names"
	case httpapi.ScopeFilter:
		return "each object; others are left out"
	}
	return "the object"
}

package authz

import "slices"

// tree is the billing entities, as they stand below each other.
type tree struct {
	root     string
	parent   map[string]string
	children map[string][]string
}

func newTree(parents map[string]string) *tree {
	t := &tree{parent: parents, children: map[string][]string{}}
	for id, parent := range parents {
		if parent == "" {
			t.root = id
			continue
		}
		t.children[parent] = append(t.children[parent], id)
	}
	return t
}

// subtree is a billing entity and all below it.
func (t *tree) subtree(id string) []string {
	if _, known := t.parent[id]; !known {
		return nil
	}
	out := []string{id}
	for i := 0; i < len(out); i++ {
		out = append(out, t.children[out[i]]...)
	}
	return out
}

// lineage is a billing entity and all above it, from itself upward.
func (t *tree) lineage(id string) []string {
	var out []string
	for id != "" && !slices.Contains(out, id) {
		if _, known := t.parent[id]; !known {
			break
		}
		out = append(out, id)
		id = t.parent[id]
	}
	return out
}

// in says whether the scope of a binding is one of those that an object stands in: the object itself, or above it.
func (t *tree) in(object, scope Chain) bool {
	switch {
	case scope.ID == Platform, scope.ID == object.ID, slices.Contains(object.Others, scope.ID):
		return true
	case scope.ID == scope.CustomerID:
		return object.CustomerID == scope.ID
	case scope.ID == scope.BillingEntityID:
		return slices.Contains(t.lineage(object.BillingEntityID), scope.ID)
	}
	return false
}

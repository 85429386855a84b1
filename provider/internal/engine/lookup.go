package engine

// Finding one object by what a user knows of it: its id, its name path, or the values of its key.

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// mostMatches bounds what a look-up that should find one object lists in its message.
const mostMatches = 20

// find returns what a list answers, at most mostMatches of it.
func (s *Session) find(ctx context.Context, k *catalog.Kind, query url.Values) ([]object, error) {
	query.Set("page_size", fmt.Sprint(mostMatches))
	var found []object
	for raw, err := range s.objects(k).List(ctx, query) {
		if err != nil {
			return nil, err
		}
		o, err := objectOf(k, raw)
		if err != nil {
			return nil, err
		}
		if found = append(found, o); len(found) == mostMatches {
			break
		}
	}
	return found, nil
}

// resolve returns the id that an import names.
func (s *Session) resolve(ctx context.Context, k *catalog.Kind, wanted string) (string, diag.Diagnostics) {
	var diags diag.Diagnostics
	refuse := func(format string, values ...any) (string, diag.Diagnostics) {
		diags.AddError(fmt.Sprintf("Cannot import %s", typeName(k)), fmt.Sprintf(format, values...)+"\n\n"+importForms(k))
		return "", diags
	}
	if k.Singleton {
		if r := newRule(s.catalog, *k.Field(k.Key[0])); r != nil {
			if broken := r.checkText(wanted); broken != "" {
				return refuse("%s %s.", k.Key[0], broken)
			}
		}
		return wanted, diags
	}
	values := strings.Split(wanted, ",")
	if byKey(k) && len(values) > 1 {
		if len(values) != len(k.Key) {
			return refuse("%q has %d values, and the key of %s has %d.", wanted, len(values), indefinite(k), len(k.Key))
		}
		query := url.Values{}
		for i, name := range k.Key {
			query.Set(name, strings.TrimSpace(values[i]))
		}
		found, err := s.find(ctx, k, query)
		switch {
		case err != nil:
			return "", problemDiagnostics(k, "import", wanted, err)
		case len(found) != 1:
			return refuse("%d objects have the key %s, or this token may not see them.", len(found), wanted)
		}
		return found[0].text("id"), diags
	}
	if other := s.catalog.KindOfID(wanted); other != nil && other.Name != k.Name {
		return refuse("%s is the id of %s; %s has an id such as %s_….", wanted, indefinite(other), indefinite(k), k.Prefix)
	}
	id, err := s.objects(k).Resolve(ctx, strings.Trim(wanted, "/"))
	switch {
	case client.AsProblem(err) != nil:
		return "", problemDiagnostics(k, "import", wanted, err)
	case err != nil:
		return refuse("%s", sentence(err.Error()))
	}
	return id, diags
}

// importForms says what an import takes.
func importForms(k *catalog.Kind) string {
	switch {
	case k.Singleton:
		return fmt.Sprintf("Import takes the %s.", k.Key[0])
	case k.Named:
		return fmt.Sprintf("Import takes an id (%s_…) or a name path, the names from an ancestor down to the object, such as acme/web/vm1.", k.Prefix)
	case byKey(k):
		return fmt.Sprintf("Import takes an id (%s_…) or the values of its key: %s.", k.Prefix, strings.Join(k.Key, ","))
	}
	return fmt.Sprintf("Import takes an id (%s_…).", k.Prefix)
}

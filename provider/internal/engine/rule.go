package engine

// The limits of a field, checked at plan: what the server would refuse at apply is refused before anything runs, with
// the attribute's path and the rule in the message. A value that is secret is never repeated.

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// rule checks values of one field, and elements of a collection with the rule of its items.
type rule struct {
	field   catalog.Field
	catalog *catalog.Catalog
	pattern *regexp.Regexp
	items   *rule
}

// newRule returns the rule of a field, nil if anything of its type is allowed. It panics on a pattern that is not a
// regular expression: the catalog is part of the program.
func newRule(c *catalog.Catalog, f catalog.Field) *rule {
	r := &rule{field: f, catalog: c}
	if f.Pattern != "" {
		r.pattern = regexp.MustCompile(f.Pattern)
	}
	if f.Items != nil && f.Items.Type != catalog.Object {
		r.items = newRule(c, *f.Items)
	}
	limited := r.pattern != nil || r.items != nil || len(f.Ref) > 0 || f.Format != "" || f.Type == catalog.Map ||
		len(f.Enum) > 0 || f.Minimum != nil || f.Maximum != nil || f.MinLength != nil || f.MaxLength != nil || f.MaxItems != nil
	if !limited {
		return nil
	}
	return r
}

// Description implements the validator interfaces.
func (r *rule) Description(context.Context) string { return strings.Join(limits(r.field), "; ") }

// MarkdownDescription implements the validator interfaces.
func (r *rule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

// ValidateString implements validator.String.
func (r *rule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() {
		r.add(&resp.Diagnostics, req.Path, r.checkText(req.ConfigValue.ValueString()))
	}
}

// ValidateInt64 implements validator.Int64.
func (r *rule) ValidateInt64(_ context.Context, req validator.Int64Request, resp *validator.Int64Response) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() {
		r.add(&resp.Diagnostics, req.Path, r.checkInteger(req.ConfigValue.ValueInt64()))
	}
}

// ValidateMap implements validator.Map.
func (r *rule) ValidateMap(ctx context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	v, err := req.ConfigValue.ToTerraformValue(ctx)
	if err != nil || absent(v) {
		return
	}
	m := members(v)
	r.count(&resp.Diagnostics, req.Path, len(m))
	for _, key := range sortedKeys(m) {
		if m[key].IsKnown() && m[key].IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path.AtMapKey(key), fmt.Sprintf("%s has no value", req.Path.AtMapKey(key)),
				"A key without a value cannot be kept. Leave the key out of the map.")
			continue
		}
		if len(r.field.Ref) > 0 {
			// Those of a map are its keys.
			if broken := r.checkReference(key); broken != "" {
				resp.Diagnostics.AddAttributeError(req.Path, fmt.Sprintf("Invalid key of %s", req.Path), fmt.Sprintf("A key of %s %s.", req.Path, broken))
			}
		}
		r.element(&resp.Diagnostics, req.Path.AtMapKey(key), m[key])
	}
}

// ValidateSet implements validator.Set.
func (r *rule) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if v, err := req.ConfigValue.ToTerraformValue(ctx); err == nil {
		r.all(&resp.Diagnostics, req.Path, elements(v))
	}
}

// ValidateList implements validator.List.
func (r *rule) ValidateList(ctx context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if v, err := req.ConfigValue.ToTerraformValue(ctx); err == nil {
		r.all(&resp.Diagnostics, req.Path, elements(v))
	}
}

func (r *rule) all(diags *diag.Diagnostics, at path.Path, list []tftypes.Value) {
	r.count(diags, at, len(list))
	for _, e := range list {
		r.element(diags, at, e)
	}
}

func (r *rule) count(diags *diag.Diagnostics, at path.Path, n int) {
	if most := r.field.MaxItems; most != nil && int64(n) > *most {
		r.add(diags, at, fmt.Sprintf("may have at most %d elements, and has %d", *most, n))
	}
}

func (r *rule) element(diags *diag.Diagnostics, at path.Path, v tftypes.Value) {
	if r.items == nil || absent(v) {
		return
	}
	switch {
	case v.Type().Is(tftypes.String):
		r.items.add(diags, at, r.items.checkText(text(v)))
	case v.Type().Is(tftypes.Number):
		n, err := strconv.ParseInt(fmt.Sprint(toJSON(v)), 10, 64)
		if err != nil {
			r.items.add(diags, at, "must be a whole number")
			return
		}
		r.items.add(diags, at, r.items.checkInteger(n))
	}
}

func (r *rule) add(diags *diag.Diagnostics, at path.Path, broken string) {
	if broken == "" {
		return
	}
	detail := fmt.Sprintf("%s %s.", at, broken)
	if r.field.Description != "" {
		detail += fmt.Sprintf("\n\n%s: %s", at, r.field.Description)
	}
	diags.AddAttributeError(at, fmt.Sprintf("Invalid %s", at), detail)
}

// checkText says which rule a text breaks, "" if none.
func (r *rule) checkText(s string) string {
	f := r.field
	got := fmt.Sprintf(", and is %q", s)
	if f.WriteOnly {
		got = ""
	}
	n := int64(utf8.RuneCountInString(s))
	switch {
	case len(f.Ref) > 0:
		return r.checkReference(s)
	case len(f.Enum) > 0 && !f.OpenEnum && !slices.Contains(f.Enum, s):
		return fmt.Sprintf("must be one of %s%s", strings.Join(f.Enum, ", "), got)
	case f.MinLength != nil && n < *f.MinLength:
		return fmt.Sprintf("must have at least %d characters, and has %d", *f.MinLength, n)
	case f.MaxLength != nil && n > *f.MaxLength:
		return fmt.Sprintf("may have at most %d characters, and has %d", *f.MaxLength, n)
	case r.pattern != nil && !r.pattern.MatchString(s):
		if f.Format != "" {
			return fmt.Sprintf("must be a %s (%s)%s", f.Format, f.Pattern, got)
		}
		return fmt.Sprintf("must match %s%s", f.Pattern, got)
	case !hasFormat(f.Format, s):
		return fmt.Sprintf("must be a %s%s", f.Format, got)
	}
	return ""
}

// checkReference tells an id of another kind, which a typing error in an expression gives, from something that is no
// id at all.
func (r *rule) checkReference(s string) string {
	var takes []string
	word := ""
	for _, name := range r.field.Ref {
		k := r.catalog.Kind(name)
		switch {
		case name == catalog.Platform && s == name:
			return ""
		case name == catalog.Platform:
			word = fmt.Sprintf(", or the word %q", name)
		case k != nil && k.Prefix == "":
			// Its ids have a form of their own, that only a pattern could know.
			if r.pattern == nil || r.pattern.MatchString(s) {
				return ""
			}
			takes = append(takes, indefinite(k))
		case k != nil:
			takes = append(takes, fmt.Sprintf("%s (%s_…)", indefinite(k), k.Prefix))
		}
	}
	wanted := "must be the id of " + oneOf(takes) + word
	if k := r.catalog.KindOfID(s); k != nil {
		if slices.Contains(r.field.Ref, k.Name) {
			return ""
		}
		return fmt.Sprintf("%s, and %s is the id of %s", wanted, s, indefinite(k))
	}
	if r.pattern != nil && r.pattern.MatchString(s) {
		return ""
	}
	wanted += fmt.Sprintf(", and %q is no id", s)
	if k := r.catalog.Kind(r.field.Ref[0]); k != nil && k.Named && s != "" && !strings.Contains(s, "_") {
		wanted += fmt.Sprintf(". For a name path, use a data source: data %q \"example\" { path = %q }, and its id", typeName(k), s)
	}
	return wanted
}

// checkInteger says which rule a number breaks, "" if none.
func (r *rule) checkInteger(n int64) string {
	unit := ""
	if r.field.Unit != "" {
		unit = " " + r.field.Unit
	}
	switch {
	case r.field.Minimum != nil && n < *r.field.Minimum:
		return fmt.Sprintf("must be at least %d%s, and is %d", *r.field.Minimum, unit, n)
	case r.field.Maximum != nil && n > *r.field.Maximum:
		return fmt.Sprintf("must be at most %d%s, and is %d", *r.field.Maximum, unit, n)
	}
	return ""
}

// hasFormat checks the formats that a pattern cannot. Those that need data of the server's (time zones, currencies)
// are left to it.
func hasFormat(format, s string) bool {
	switch format {
	case "cidr":
		_, err := netip.ParsePrefix(s)
		return err == nil
	case formatDateTime:
		_, err := time.Parse(time.RFC3339Nano, s)
		return err == nil
	case formatDecimal:
		return decimalForm.MatchString(s)
	}
	return true
}

// checkTogether finds what concerns several attributes of one object: exactly one of a set of alternatives, and
// secrets that need their version.
func checkTogether(fields []catalog.Field, config tftypes.Value, at path.Path, diags *diag.Diagnostics) {
	if absent(config) {
		return
	}
	configured := members(config)
	alternatives := map[string][]string{}
	for _, f := range fields {
		if !f.Writable() {
			continue
		}
		if f.OneOf != "" {
			alternatives[f.OneOf] = append(alternatives[f.OneOf], f.Name)
		}
		v := configured[f.Name]
		switch {
		case f.WriteOnly:
			checkSecret(f, configured, at, diags)
		case f.Type == catalog.Object:
			checkTogether(f.Fields, v, at.AtName(f.Name), diags)
		case f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object:
			m := members(v)
			for _, key := range sortedKeys(m) {
				checkTogether(f.Items.Fields, m[key], at.AtName(f.Name).AtMapKey(key), diags)
			}
		case f.Type == catalog.List && f.Items != nil && f.Items.Type == catalog.Object:
			for i, e := range elements(v) {
				checkTogether(f.Items.Fields, e, at.AtName(f.Name).AtListIndex(i), diags)
			}
		}
	}
	for _, group := range sortedKeys(alternatives) {
		checkOneOf(alternatives[group], configured, at, diags)
	}
}

func checkOneOf(names []string, configured map[string]tftypes.Value, at path.Path, diags *diag.Diagnostics) {
	var set []string
	for _, name := range names {
		v := configured[name]
		if v.Type() != nil && !v.IsKnown() {
			return // It may turn out null.
		}
		if !absent(v) {
			set = append(set, name)
		}
	}
	switch {
	case len(set) == 0:
		diags.AddAttributeError(at.AtName(names[0]), "Missing "+strings.Join(names, " or "),
			fmt.Sprintf("Exactly one of %s must be set, and none is.", strings.Join(names, ", ")))
	case len(set) > 1:
		diags.AddAttributeError(at.AtName(set[1]), "Too many of "+strings.Join(names, ", "),
			fmt.Sprintf("Exactly one of %s must be set, and %s are.", strings.Join(names, ", "), strings.Join(set, " and ")))
	}
}

func checkSecret(f catalog.Field, configured map[string]tftypes.Value, at path.Path, diags *diag.Diagnostics) {
	secret, version := configured[f.Name+writeOnlySuffix], configured[f.Name+writeOnlyVersionSuffix]
	if secret.Type() == nil || version.Type() == nil || !secret.IsKnown() || !version.IsKnown() {
		return
	}
	name, versionName := f.Name+writeOnlySuffix, f.Name+writeOnlyVersionSuffix
	switch {
	case !secret.IsNull() && version.IsNull():
		diags.AddAttributeError(at.AtName(versionName), "Missing "+versionName,
			fmt.Sprintf("Terraform keeps no trace of %s, so it cannot see that it changes. Set %s = 1, and raise it with each change of %s.", name, versionName, name))
	case secret.IsNull() && !version.IsNull():
		diags.AddAttributeError(at.AtName(name), "Missing "+name,
			fmt.Sprintf("%s is set and %s is not. Set both, or remove both to clear the value.", versionName, name))
	}
}

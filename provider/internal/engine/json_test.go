package engine

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// An object of a shape that the contract does not fix is its JSON text to Terraform, numbers as they were sent.
func TestFieldOfAnyShapeIsText(t *testing.T) {
	f := catalog.Field{Name: "copy", Type: catalog.JSON, Description: "A copy.", Computed: true}
	if typ, err := attrType(f); err != nil || typ != types.StringType {
		t.Errorf("its type is %v, %v", typ, err)
	}
	a, err := readAttribute(f)
	if err != nil || a.GetType() != types.StringType || !strings.Contains(a.GetMarkdownDescription(), "jsondecode") {
		t.Errorf("its attribute is %#v, %v", a, err)
	}
	o, err := decodeObject([]byte(`{"copy": {"n": 12345678901234567890, "a": [{"b": null}]}, "none": null}`))
	if err != nil {
		t.Fatal(err)
	}
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"copy": tftypes.String, "none": tftypes.String}}
	v, err := fromJSON(typ, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text(member(v, "copy")), `{"a":[{"b":null}],"n":12345678901234567890}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !member(v, "none").IsNull() {
		t.Errorf("null is %s", member(v, "none"))
	}
}

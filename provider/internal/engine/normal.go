package engine

// Texts that mean the same although they are written differently: decimals (12.5 and 12.50) and times of different
// offset. Terraform keeps them as the configuration wrote them.

import (
	"context"
	"fmt"
	"math/big"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Formats whose texts are compared by meaning.
const (
	formatDecimal  = "decimal"
	formatDateTime = "date-time"
)

// decimalForm keeps exponents out: big.Rat would accept 1e999999999 and take all memory to expand it.
var decimalForm = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// sameText compares two texts of a format by what they mean.
func sameText(format, a, b string) bool {
	if a == b {
		return true
	}
	switch format {
	case formatDecimal:
		if !decimalForm.MatchString(a) || !decimalForm.MatchString(b) {
			return false
		}
		x, ok := new(big.Rat).SetString(a)
		y, okToo := new(big.Rat).SetString(b)
		return ok && okToo && x.Cmp(y) == 0
	case formatDateTime:
		x, err := time.Parse(time.RFC3339Nano, a)
		y, errToo := time.Parse(time.RFC3339Nano, b)
		return err == nil && errToo == nil && x.Equal(y)
	}
	return false
}

// textType is the type of strings of such a format.
type textType struct {
	basetypes.StringType
	format string
}

// customText is the custom type of a format, nil for those that are compared letter by letter.
func customText(format string) basetypes.StringTypable {
	if format == formatDecimal || format == formatDateTime {
		return textType{format: format}
	}
	return nil
}

// Equal implements attr.Type.
func (t textType) Equal(o attr.Type) bool {
	other, ok := o.(textType)
	return ok && other.format == t.format
}

// String implements attr.Type.
func (t textType) String() string { return "text(" + t.format + ")" }

// ValueType implements attr.Type.
func (t textType) ValueType(context.Context) attr.Value { return textValue{format: t.format} }

// ValueFromString implements basetypes.StringTypable.
func (t textType) ValueFromString(_ context.Context, v basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return textValue{StringValue: v, format: t.format}, nil
}

// ValueFromTerraform implements attr.Type.
func (t textType) ValueFromTerraform(ctx context.Context, v tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, v)
	if err != nil {
		return nil, err
	}
	s, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value %T", value)
	}
	return textValue{StringValue: s, format: t.format}, nil
}

// textValue is a string of such a format.
type textValue struct {
	basetypes.StringValue
	format string
}

// Type implements attr.Value.
func (v textValue) Type(context.Context) attr.Type { return textType{format: v.format} }

// Equal implements attr.Value.
func (v textValue) Equal(o attr.Value) bool {
	other, ok := o.(textValue)
	return ok && other.format == v.format && v.StringValue.Equal(other.StringValue)
}

// StringSemanticEquals implements basetypes.StringValuableWithSemanticEquals: what the server wrote differently is
// kept as the configuration has it.
func (v textValue) StringSemanticEquals(ctx context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, diags := o.ToStringValue(ctx)
	return sameText(v.format, v.ValueString(), other.ValueString()), diags
}

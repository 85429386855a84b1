package resource

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Patch is a JSON merge patch to an S, already checked for names.
type Patch[S any] struct {
	fields map[string]any
	merge  func(current any, patch map[string]any) ([]byte, error)
	change func(*S)
}

// NewPatch returns a patch; merge applies it to the present value and validates the whole.
func NewPatch[S any](fields map[string]any, merge func(any, map[string]any) ([]byte, error)) Patch[S] {
	return Patch[S]{fields: fields, merge: merge}
}

// PatchWith returns a patch that is made by a program and not by a request: fn changes the present value.
func PatchWith[S any](fn func(*S)) Patch[S] {
	return Patch[S]{change: fn}
}

// Has says whether the patch names the field, be it with null. One in an object is named with a slash: uploaded/private_key.
func (p Patch[S]) Has(field string) bool {
	at := p.fields
	for {
		name, within, deeper := strings.Cut(field, "/")
		x, named := at[name]
		if !deeper {
			return named
		}
		if at, field = nil, within; named {
			at, _ = x.(map[string]any)
		}
	}
}

// Apply returns the present value with the patch merged into it, valid by the specification and by its own Validate.
func (p Patch[S]) Apply(current S) (S, error) {
	var next S
	if p.change != nil {
		next = current
		p.change(&next)
		return next, Check(next)
	}
	b, err := p.merge(current, p.fields)
	if err != nil {
		return next, err
	}
	if err := Decode(b, &next); err != nil {
		return next, err
	}
	return next, Check(next)
}

// Decode reads a document that the specification has accepted.
func Decode(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fault.Malformedf("malformed", "the body does not fit: %v", err)
	}
	return nil
}

// Check runs v's own Validate, if it has one.
func Check(v any) error {
	if val, ok := v.(interface{ Validate() []fault.Field }); ok {
		return fault.InvalidFields(val.Validate()...)
	}
	return nil
}

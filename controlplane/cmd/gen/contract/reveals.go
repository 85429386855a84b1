package contract

// Secrets that operations reveal: they are in the answers of these operations, and in no other.

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// secrets checks that what is sensitive is answered by operations that reveal alone, and that these answer nothing else of the contract.
func (d *document) secrets() {
	d.each(func(_, _ string, op *openapi3.Operation) {
		row := d.ops[op.OperationID]
		if op.RequestBody != nil {
			for _, m := range op.RequestBody.Value.Content {
				for _, at := range d.sensitiveIn(m.Schema) {
					d.faults.addf("operation %s: takes %s, which is sensitive; what goes in and never out is %s", row.ID, at, extWriteOnly)
				}
			}
		}
		found := d.sensitiveIn(componentRef(answerType(op)))
		switch {
		case row.Sensitive && len(found) == 0:
			d.faults.addf("operation %s: reveals no secret: %s on the field that is one", row.ID, extSensitive)
		case !row.Sensitive:
			for _, at := range found {
				d.faults.addf("operation %s: answers %s, which is sensitive; give that to the type of an operation of its own, made by httpapi.Reveal", row.ID, at)
			}
		}
	})
}

// sensitiveIn are the sensitive fields in a schema, at any depth: Opening.pin.
func (d *document) sensitiveIn(ref *openapi3.SchemaRef) []string {
	var out []string
	known := map[string]bool{}
	var follow func(within string, ref *openapi3.SchemaRef)
	follow = func(within string, ref *openapi3.SchemaRef) {
		if name, ok := strings.CutPrefix(ref.Ref, schemaPrefix); ok {
			if known[name] || d.Components.Schemas[name] == nil {
				return
			}
			known[name] = true
			within, ref = name, d.Components.Schemas[name]
		}
		for _, field := range slices.Sorted(maps.Keys(ref.Value.Properties)) {
			if f := ref.Value.Properties[field].Value; f != nil && f.Extensions[extSensitive] == true {
				out = append(out, within+"."+field)
			}
		}
		for _, sub := range children(ref.Value) {
			follow(within, sub)
		}
	}
	if ref.Ref != schemaPrefix { // of what answers nothing
		follow("", ref)
	}
	return out
}

// reveal is an operation that reveals, with what it answers.
func (d *document) reveal(row httpapi.Op, op *openapi3.Operation, o catalog.Operation) catalog.Reveal {
	out := catalog.Reveal{Name: row.Part, Operation: o}
	if answer := answerType(op); answer != "" {
		out.Fields = d.fieldsOf(answer, d.goName(answer), "")
	}
	for i := range out.Fields {
		mark(&out.Fields[i], false, true)
	}
	return out
}

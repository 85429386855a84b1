package sdk

import (
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// What is chosen among others can be absent, and says among which.
func TestChoices(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]catalog.Field{
		"One of those for source.":         {Name: "url", Type: catalog.String, Description: "Where it is.", OneOf: "source"},
		"At most one of those for source.": {Name: "url", Type: catalog.String, Description: "Where it is.", AtMostOne: "source"},
	} {
		g := &generator{declared: map[string]string{}, structs: map[string][]field{}, enums: map[string]*catalog.Field{}}
		if answered := g.fields("Book", []catalog.Field{f}, answer); len(answered) != 1 || answered[0].goType != "*string" {
			t.Errorf("%s answered: %+v", want, answered)
		}
		if sent := g.fields("Book", []catalog.Field{f}, forCreate); len(sent) != 1 || !strings.HasSuffix(sent[0].comment, " "+want) {
			t.Errorf("%s sent: %+v", want, sent)
		}
	}
}

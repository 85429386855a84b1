package resource

import (
	"reflect"
	"testing"
	"time"
)

func TestACopyStaysAsItWas(t *testing.T) {
	t.Parallel()
	type inner struct {
		Words []string
		Note  *string
	}
	type outer struct {
		inner
		Inner   inner
		Entries map[string]inner
		Ordered []inner
		Shape   any
		At      *time.Time
		None    []string
		Nothing map[string]string
		Empty   []string
		Two     [2][]int
	}
	make := func() outer {
		note, at := "a", time.Unix(1, 0).UTC()
		in := func() inner { return inner{Words: []string{"x"}, Note: &note} }
		return outer{inner: in(), Inner: in(), Entries: map[string]inner{"e": in()}, Ordered: []inner{in()}, Shape: map[string]any{"l": []any{1}}, At: &at,
			Empty: []string{}, Two: [2][]int{{1}, {2}}}
	}
	row := make()
	was := Copied(&row)
	if !reflect.DeepEqual(was, make()) {
		t.Fatalf("the copy is another: %+v", was)
	}
	row.Inner.Words[0], *row.Inner.Note, row.Entries["e"].Words[0], row.Ordered[0].Words[0], row.Two[1][0] = "y", "b", "y", "y", 3
	row.Entries["f"], *row.At = inner{}, time.Unix(2, 0)
	row.Shape.(map[string]any)["l"].([]any)[0] = 2
	if !reflect.DeepEqual(was, make()) {
		t.Errorf("the copy became another: %+v", was)
	}
}

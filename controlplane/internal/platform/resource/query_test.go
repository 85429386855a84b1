package resource

import (
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

func TestSelector(t *testing.T) {
	t.Parallel()
	got, err := parseSelector("env=prod, tier!=db,owner,!example.com/legacy")
	want := []requirement{{"env", "prod", "="}, {"tier", "db", "!="}, {"owner", "", "exists"}, {"example.com/legacy", "", "absent"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range []string{",", "=x", "a b", "!", "env=prod,"} {
		if _, err := parseSelector(wrong); !fault.IsCode(err, "invalid_parameter") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestPageTokenBelongsToItsParameters(t *testing.T) {
	t.Parallel()
	q := ListQuery{OrderBy: "name", Filters: map[string]string{"a": "1", "b": "2"}}
	q.PageToken = *NextToken(q, "web", "cs_1")
	if after, err := After(q, 2); err != nil || !slices.Equal(after, []string{"web", "cs_1"}) {
		t.Errorf("%v, %v", after, err)
	}
	if _, err := After(q, 1); err == nil {
		t.Error("a token of another order was taken")
	}
	q.Filters = map[string]string{"a": "1"}
	if _, err := After(q, 2); !fault.IsCode(err, "invalid_parameter") {
		t.Errorf("a token for other filters was taken: %v", err)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	if wrong := ValidateLabels(map[string]string{"env": "prod", "example.com/tier": "", "A_b.c-1": "x"}); len(wrong) != 0 {
		t.Errorf("%+v", wrong)
	}
	wrong := ValidateLabels(map[string]string{"a b": "", "x/": "", "ok": strings.Repeat("x", 256)})
	pointers := make([]string, len(wrong))
	for i, w := range wrong {
		pointers[i] = w.Pointer
	}
	if !slices.Equal(pointers, []string{"/labels/a b", "/labels/ok", "/labels/x~1"}) {
		t.Errorf("%v", pointers)
	}
}

func TestTimeZone(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{"UTC": true, "Europe/Brussels": true, "Local": false, "": false, "Mars/Olympus": false} {
		if got := len(ValidateTimeZone("/time_zone", name)) == 0; got != good {
			t.Errorf("%q: %t", name, got)
		}
	}
}

package fault_test

import (
	"errors"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

func TestGatherReportsEachFieldForTheSameReasonOnce(t *testing.T) {
	t.Parallel()
	var wrong []fault.Field
	for _, err := range []error{
		fault.Invalidf("/a", "not_found", "no"), fault.Invalidf("/b", "not_found", "no"), fault.Invalidf("/a", "not_found", "no"),
		fault.Invalidf("/a", "conflict", "no"), nil,
	} {
		if err := fault.Gather(&wrong, err); err != nil {
			t.Errorf("returned %v", err)
		}
	}
	if len(wrong) != 3 || wrong[0].Pointer != "/a" || wrong[1].Pointer != "/b" || wrong[2].Code != "conflict" {
		t.Errorf("gathered %+v", wrong)
	}
	other := errors.New("an outage")
	if err := fault.Gather(&wrong, other); !errors.Is(err, other) || len(wrong) != 3 {
		t.Errorf("another error: %v, %+v", err, wrong)
	}
	if err := fault.Gather(&wrong, fault.NotFoundError()); !fault.IsCode(err, "not_found") {
		t.Errorf("a fault that is no 422: %v", err)
	}
}

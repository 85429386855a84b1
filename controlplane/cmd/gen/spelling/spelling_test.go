package spelling

import "testing"

func TestSpelling(t *testing.T) {
	t.Parallel()
	for word, want := range map[string][2]string{"vcpus": {"vCPUs", "VCPUs"}, "gib": {"GiB", "GiB"}, "id": {"ID", "ID"}, "disk": {"disk", "Disk"}, "": {"", ""}} {
		if got := [2]string{Of(word), Capital(word)}; got != want {
			t.Errorf("%s: %v, want %v", word, got, want)
		}
	}
}

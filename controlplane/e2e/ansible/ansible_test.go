package ansible

import "testing"

func TestChanges(t *testing.T) {
	t.Parallel()
	const printed = `
PLAY RECAP *********************************************************************
a                          : ok=7    changed=3    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
b                          : ok=7    changed=10   unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
`
	if got, err := changes([]byte(printed)); got != 13 || err != nil {
		t.Errorf("changes = %d, %v, want 13", got, err)
	}
	if _, err := changes([]byte("PLAY [all]\n")); err == nil {
		t.Error("a run without a recap is taken for one that changed nothing")
	}
}

package httpapi

import (
	"testing"
	"time"
)

// What is waited for is limited, not what the server does with it: a body ends that does not come, and one that comes too slowly on the whole.
func TestPace(t *testing.T) {
	t.Parallel()
	begin := func(rate int) *pace { return &pace{rate: rate, most: 10 * time.Second, left: 10 * time.Second} }
	if p := begin(100); p.spend(10*time.Second, 0) {
		t.Error("nothing for ten seconds")
	}
	if p := begin(0); !p.spend(9*time.Second, 1) || p.left != 10*time.Second || p.spend(10*time.Second, 0) {
		t.Error("any rate is as good as another, but not none")
	}
	steady, slow := begin(100), begin(100)
	for second := range 1000 {
		if !steady.spend(time.Second, 100) {
			t.Fatalf("just fast enough, and ended after %d s", second)
		}
	}
	seconds := 0
	for slow.spend(time.Second, 50) {
		seconds++
	}
	if seconds < 18 || seconds > 20 {
		t.Errorf("half as fast as it is to be, it ends after %d s", seconds)
	}
	// Having been fast gives no more time than there is at the beginning.
	fast := begin(100)
	fast.spend(time.Millisecond, 1<<20)
	if fast.left != 10*time.Second {
		t.Errorf("%v are left", fast.left)
	}
}

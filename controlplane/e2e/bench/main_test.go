package main

import (
	"testing"
	"time"
)

func TestBetween(t *testing.T) {
	t.Parallel()
	got, err := between("above\n"+begin+"old\n"+end+"below\n", "new\n")
	if want := "above\n" + begin + "new\n" + end + "below\n"; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, whole := range []string{"", begin + "no end", end + begin} {
		if _, err := between(whole, "new\n"); err == nil {
			t.Errorf("%q has no place for a table, and none was missed", whole)
		}
	}
}

func TestResultIsTheBestMeasurement(t *testing.T) {
	t.Parallel()
	best := map[string]float64{}
	for _, took := range []time.Duration{3 * time.Second, 1500 * time.Millisecond, 2 * time.Second} {
		keepBest(best, "ours", took)
	}
	r := result("name", "s", best["ours"], 1.2, "floor")
	if r.Value != 1.5 || r.Floor != 1.2 || r.Ratio != 1.25 || !r.OK || r.Target != nil {
		t.Errorf("got %+v", r)
	}
}

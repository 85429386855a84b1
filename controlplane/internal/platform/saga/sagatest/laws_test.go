package sagatest

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// world is a place with things in it, and how often each was made.
type world struct {
	mu     sync.Mutex
	things map[string]int
}

func (w *world) set(name string, n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.things[name] = n
	return nil
}

func (w *world) add(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.things[name]++
	return nil
}

func (w *world) remove(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.things, name)
	return nil
}

// take is a removal that is not idempotent.
func (w *world) take(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.things[name] == 0 {
		return errors.New("there is none")
	}
	delete(w.things, name)
	return nil
}

func (w *world) see(context.Context) (any, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.things), nil
}

func step(name string, do, undo func() error) saga.Step {
	s := saga.Step{Name: name}
	if do != nil {
		s.Do = func(context.Context, *saga.Run) error { return do() }
	}
	if undo != nil {
		s.Undo = func(context.Context, *saga.Run) error { return undo() }
	}
	return s
}

func setup(steps func(w *world) []saga.Step) Setup {
	return func(_ testing.TB, b Bench) Scenario {
		w := &world{things: map[string]int{"there before": 1}}
		b.Engine.Register(saga.Definition{Action: "thing.create", Steps: steps(w)})
		return Scenario{World: w.see, Start: func(ctx context.Context) (operationID string, err error) {
			err = b.DB.InTx(ctx, func(ctx context.Context) error {
				operationID, err = b.Engine.Start(ctx, saga.Start{Action: "thing.create", TargetKind: "thing", TargetID: id.New("thing")})
				return err
			})
			return operationID, err
		}}
	}
}

func good(w *world) []saga.Step {
	return []saga.Step{
		step("network", func() error { return w.set("network", 1) }, func() error { return w.remove("network") }),
		step("check", func() error { return nil }, nil),
		step("cleaner", nil, func() error { return w.remove("litter") }),
		step("machine", func() error { return w.set("machine", 1) }, func() error { return w.remove("machine") }),
	}
}

func TestGoodSagaKeepsAllLaws(t *testing.T) {
	t.Parallel()
	All(t, setup(good))
}

func TestSagaWithoutUndoCanBeRedone(t *testing.T) {
	t.Parallel()
	Redo(t, setup(func(w *world) []saga.Step {
		return []saga.Step{step("start", func() error { return w.set("running", 1) }, nil)}
	}))
}

// verdict is the first violation that a law finds, nil if the saga keeps it.
func verdict(t *testing.T, s Setup, l law) error {
	t.Helper()
	steps, err := explore(t, s)
	if err != nil {
		return err
	}
	trials, err := l(steps)
	if err != nil {
		return err
	}
	for _, tr := range trials {
		if err := examine(t, s, tr, steps.after); err != nil {
			return err
		}
	}
	return nil
}

// A law that never finds anything proves nothing.
func TestViolationsAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps func(w *world) []saga.Step
		laws  map[string]law
		want  string
	}{
		"do is not idempotent": {
			func(w *world) []saga.Step {
				return []saga.Step{step("a", func() error { return w.add("thing") }, func() error { return w.remove("thing") })}
			},
			map[string]law{"repeat": repeatEveryStep, "crash": crashAtEveryDo}, `"thing": 2`,
		},
		"undo is forgotten": {
			func(w *world) []saga.Step {
				return []saga.Step{step("a", func() error { return w.set("thing", 1) }, nil)}
			},
			map[string]law{"fail": failAtEveryStep}, `"thing": 1`,
		},
		"undo needs what do made": {
			func(w *world) []saga.Step {
				return []saga.Step{step("a", func() error { return w.set("thing", 1) }, func() error { return w.take("thing") })}
			},
			map[string]law{"fail": failAtEveryStep, "repeat undo": repeatEveryUndo, "crash undo": crashAtEveryUndo}, "needs attention: true",
		},
		"no undo": {
			func(*world) []saga.Step { return []saga.Step{step("a", func() error { return nil }, nil)} },
			map[string]law{"repeat undo": repeatEveryUndo, "crash undo": crashAtEveryUndo}, "nothing to prove",
		},
		"no do": {
			func(*world) []saga.Step { return []saga.Step{step("a", nil, func() error { return nil })} },
			map[string]law{"repeat": repeatEveryStep}, "nothing to prove",
		},
		"fails anyway": {
			func(*world) []saga.Step {
				return []saga.Step{step("a", func() error { return errors.New("no") }, nil)}
			},
			map[string]law{"repeat": repeatEveryStep}, "undisturbed, the operation is failed",
		},
	} {
		for l, law := range c.laws {
			t.Run(name+"/"+l, func(t *testing.T) {
				t.Parallel()
				if err := verdict(t, setup(c.steps), law); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			})
		}
	}
}

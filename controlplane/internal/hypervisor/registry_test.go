package hypervisor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

// closing is a driver that only can be told apart and closed.
type closing struct {
	hypervisor.Driver
	location hypervisor.Location
	closed   atomic.Int32
}

func (c *closing) Close() error { c.closed.Add(1); return nil }

// factory makes closing drivers and keeps them.
type factory struct {
	mu   sync.Mutex
	made []*closing
	err  error
}

func (f *factory) make(_ context.Context, l hypervisor.Location) (hypervisor.Driver, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	d := &closing{location: l}
	f.made = append(f.made, d)
	return d, nil
}

func (f *factory) registry() *hypervisor.Registry {
	return hypervisor.NewRegistry(map[string]hypervisor.Factory{"one": f.make, "two": f.make})
}

func TestRegistryKeepsDrivers(t *testing.T) {
	t.Parallel()
	f := &factory{}
	r := f.registry()
	if !slices.Equal(r.Names(), []string{"one", "two"}) {
		t.Errorf("names are %v", r.Names())
	}
	a := hypervisor.Location{ID: "loc_a", DriverName: "one", Config: json.RawMessage(`{}`)}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if d, err := r.Driver(t.Context(), a); err != nil || d == nil {
				t.Errorf("got %v, %v", d, err)
			}
		})
	}
	wg.Wait()
	if len(f.made) != 1 {
		t.Fatalf("%d drivers were made for one location", len(f.made))
	}
	b := hypervisor.Location{ID: "loc_b", DriverName: "one"}
	if d, err := r.Driver(t.Context(), b); err != nil || d == hypervisor.Driver(f.made[0]) {
		t.Errorf("another location got %v, %v", d, err)
	}
}

func TestRegistryReplacesWhenSettingsChange(t *testing.T) {
	t.Parallel()
	f := &factory{}
	r := f.registry()
	for i, l := range []hypervisor.Location{
		{ID: "loc_a", DriverName: "one", Config: json.RawMessage(`{"x": 1}`)},
		{ID: "loc_a", DriverName: "one", Config: json.RawMessage(`{"x": 2}`)},
		{ID: "loc_a", DriverName: "two", Config: json.RawMessage(`{"x": 2}`)},
	} {
		d, err := r.Driver(t.Context(), l)
		if err != nil || d != hypervisor.Driver(f.made[len(f.made)-1]) || len(f.made) != i+1 {
			t.Fatalf("change %d: got %v, %v; %d made", i, d, err, len(f.made))
		}
	}
	if f.made[0].closed.Load() != 1 || f.made[1].closed.Load() != 1 || f.made[2].closed.Load() != 0 {
		t.Error("the drivers that were replaced have to be closed, and only those")
	}
}

func TestRegistryKeepsTheOldDriverWhenTheNewOneFails(t *testing.T) {
	t.Parallel()
	f := &factory{}
	r := f.registry()
	good := hypervisor.Location{ID: "loc_a", DriverName: "one"}
	if _, err := r.Driver(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	f.err = hypervisor.TemporaryFailure("no connection")
	bad := good
	bad.Config = json.RawMessage(`{"x": 2}`)
	if _, err := r.Driver(t.Context(), bad); !hypervisor.IsTemporary(err) {
		t.Errorf("got %v", err)
	}
	if d, err := r.Driver(t.Context(), good); err != nil || d != hypervisor.Driver(f.made[0]) || f.made[0].closed.Load() != 0 {
		t.Errorf("got %v, %v", d, err)
	}
	f.err = nil
	if _, err := r.Driver(t.Context(), bad); err != nil || len(f.made) != 2 {
		t.Errorf("a failure was kept: %v", err)
	}
}

func TestRegistryUnknownDriver(t *testing.T) {
	t.Parallel()
	_, err := (&factory{}).registry().Driver(t.Context(), hypervisor.Location{ID: "loc_a", DriverName: "abacus"})
	if !errors.Is(err, hypervisor.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestRegistryClose(t *testing.T) {
	t.Parallel()
	f := &factory{}
	r := f.registry()
	for i := range 3 {
		if _, err := r.Driver(t.Context(), hypervisor.Location{ID: fmt.Sprint(i), DriverName: "one"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, d := range f.made {
		if d.closed.Load() != 1 {
			t.Errorf("%s was closed %d times", d.location.ID, d.closed.Load())
		}
	}
	if _, err := r.Driver(t.Context(), hypervisor.Location{ID: "1", DriverName: "one"}); !hypervisor.IsTemporary(err) {
		t.Errorf("got %v", err)
	}
}

// A registry that is closed while a factory is at work must not leave that driver open.
func TestRegistryCloseWhileADriverIsMade(t *testing.T) {
	t.Parallel()
	started, goOn := make(chan struct{}), make(chan struct{})
	late := &closing{}
	r := hypervisor.NewRegistry(map[string]hypervisor.Factory{"slow": func(context.Context, hypervisor.Location) (hypervisor.Driver, error) {
		close(started)
		<-goOn
		return late, nil
	}})
	got, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := r.Driver(t.Context(), hypervisor.Location{ID: "loc_a", DriverName: "slow"})
		got <- err
	}()
	<-started
	go func() { closed <- r.Close() }()
	// Whether Close comes before or after the factory's end, the driver is closed exactly once.
	close(goOn)
	if err := <-closed; err != nil {
		t.Error(err)
	}
	<-got
	if n := late.closed.Load(); n != 1 {
		t.Errorf("the driver was closed %d times", n)
	}
}

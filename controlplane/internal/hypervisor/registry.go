package hypervisor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// A Location is where machines run, as far as finding its driver goes.
type Location struct {
	ID string
	// DriverName is the name that the driver's factory is registered under.
	DriverName string
	// Config is a JSON object with settings of that driver; nil for none. It may have credentials in it.
	Config json.RawMessage
}

// A Factory makes the driver of a location. A driver that holds connections or files implements io.Closer.
type Factory func(ctx context.Context, location Location) (Driver, error)

// A Registry finds the driver of a location, made once and then kept.
type Registry struct {
	factories map[string]Factory

	mu      sync.Mutex
	entries map[string]*entry
	closed  bool
}

// An entry has a lock of its own, so that a location that is slow to reach holds up no other.
type entry struct {
	mu     sync.Mutex
	name   string
	config json.RawMessage
	driver Driver
}

// NewRegistry has these factories, by driver name.
func NewRegistry(factories map[string]Factory) *Registry {
	return &Registry{factories: maps.Clone(factories), entries: map[string]*entry{}}
}

// Names are the drivers that a location can have, ordered.
func (r *Registry) Names() []string { return slices.Sorted(maps.Keys(r.factories)) }

// Driver is the driver of a location: ErrInvalid if there is none of that name. A factory's error is not kept, the next call
// tries again. When a location's settings have changed a new driver replaces the old one, which is closed; calls that still
// come to that one return temporary errors.
func (r *Registry) Driver(ctx context.Context, location Location) (Driver, error) {
	factory, ok := r.factories[location.DriverName]
	if !ok {
		return nil, Failure(ErrInvalid, "location %s: there is no driver %q", location.ID, location.DriverName)
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil, TemporaryFailure("the server is shutting down")
	}
	e, ok := r.entries[location.ID]
	if !ok {
		e = &entry{}
		r.entries[location.ID] = e
	}
	r.mu.Unlock()

	e.mu.Lock()
	defer e.mu.Unlock()
	if e.driver != nil && e.name == location.DriverName && bytes.Equal(e.config, location.Config) {
		return e.driver, nil
	}
	driver, err := factory(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("location %s: driver %s: %w", location.ID, location.DriverName, err)
	}
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		// Close came while the factory ran: it waits for this entry, and knows only the driver that is in it.
		return nil, errors.Join(TemporaryFailure("the server is shutting down"), closeDriver(driver))
	}
	old := e.driver
	e.name, e.config, e.driver = location.DriverName, bytes.Clone(location.Config), driver
	// The new driver is good whether the old one closes well or not.
	_ = closeDriver(old)
	return driver, nil
}

// Close closes all drivers; no more are made.
func (r *Registry) Close() error {
	r.mu.Lock()
	r.closed = true
	entries := slices.Collect(maps.Values(r.entries))
	r.mu.Unlock()
	var errs []error
	for _, e := range entries {
		e.mu.Lock()
		errs = append(errs, closeDriver(e.driver))
		e.driver = nil
		e.mu.Unlock()
	}
	return errors.Join(errs...)
}

func closeDriver(d Driver) error {
	if c, ok := d.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

package simulated

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// Settings are what all simulated locations of a server have in common.
type Settings struct {
	// Dir has a folder for each location, under its id.
	Dir string
	// Clock is the real one if nil.
	Clock clock.Clock
	// LatencyScale multiplies all latencies; 0 makes the driver instant.
	LatencyScale float64
}

// locationConfig is what a location's own configuration can have.
type locationConfig struct {
	// LatencyMS is how many milliseconds a verb takes, before Settings.LatencyScale.
	LatencyMS map[Verb]int `json:"latency_ms"`
	Capacity  Capacity     `json:"capacity"`
}

var folderName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Factory makes simulated drivers for a hypervisor.Registry. A location's configuration may say how slow it is and what it has
// room for: {"latency_ms": {"EnsureMachine": 2000}, "capacity": {"vcpus": 64, "memory_mib": 262144, "storage_gib": 2000}}.
func Factory(s Settings) hypervisor.Factory {
	return func(_ context.Context, location hypervisor.Location) (hypervisor.Driver, error) {
		if !folderName.MatchString(location.ID) {
			return nil, hypervisor.Failure(hypervisor.ErrInvalid, "location id %q cannot be the name of a folder", location.ID)
		}
		c, err := parseConfig(location.Config)
		if err != nil {
			return nil, hypervisor.Failure(hypervisor.ErrInvalid, "configuration: %w", err)
		}
		o := Options{
			Dir: filepath.Join(s.Dir, location.ID), Clock: s.Clock, Latency: map[Verb]time.Duration{},
			LatencyScale: s.LatencyScale, Capacity: c.Capacity,
		}
		for v, ms := range c.LatencyMS {
			o.Latency[v] = time.Duration(ms) * time.Millisecond
		}
		return New(o)
	}
}

func parseConfig(text json.RawMessage) (locationConfig, error) {
	var c locationConfig
	if len(text) == 0 {
		return c, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	for v, ms := range c.LatencyMS {
		if _, known := verbs[v]; !known {
			return c, fmt.Errorf("latency_ms: there is no verb %q", v)
		}
		if ms < 0 {
			return c, fmt.Errorf("latency_ms: %s cannot be negative", v)
		}
	}
	if c.Capacity.VCPUs < 0 || c.Capacity.MemoryMiB < 0 || c.Capacity.StorageGiB < 0 {
		return c, fmt.Errorf("capacity cannot be negative")
	}
	return c, nil
}

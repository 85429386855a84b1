package simulated

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

// FaultsFile is the file in a location's folder that says what shall go wrong: a JSON list of Faults. It may be written at any
// time (best beside it and then renamed) and holds for the next call; every process that uses the folder obeys it. Faults that
// are used up are taken out of it. While it cannot be read, every call fails.
const FaultsFile = "faults.json"

// A Fault is something that shall go wrong. A call takes the first fault that is for it.
type Fault struct {
	// Verb is the verb that it is for; empty for every one.
	Verb Verb `json:"verb,omitempty"`
	// Match is a pattern, as path.Match has it, for the id or the name of the thing that the call is about; empty for every one.
	// What has no name (a volume) is matched by its id; attaching and detaching are about the volume.
	Match string `json:"match,omitempty"`
	// Times is how many calls it is for; nil for all until it is taken out of the file.
	Times *int `json:"times,omitempty"`
	// Error is "temporary", "permanent" or "capacity"; empty if the call shall only be slow.
	Error string `json:"error,omitempty"`
	// Message is what the error says.
	Message string `json:"message,omitempty"`
	// DelayMS is how many milliseconds the call takes longer.
	DelayMS int `json:"delay_ms,omitempty"`
	// After lets the verb take effect and fail then, as if its answer had got lost. With error "permanent" or "capacity" a driver
	// would break its promise so; it is for "temporary".
	After bool `json:"after,omitempty"`
}

func (f Fault) validate() error {
	if _, known := verbs[f.Verb]; f.Verb != "" && !known {
		return fmt.Errorf("there is no verb %q", f.Verb)
	}
	if _, err := path.Match(f.Match, ""); err != nil {
		return fmt.Errorf("match %q: %w", f.Match, err)
	}
	switch f.Error {
	case "", "temporary", "permanent", "capacity":
	default:
		return fmt.Errorf("there is no error %q", f.Error)
	}
	if f.After && f.Error != "temporary" {
		return errors.New("after is for temporary errors only")
	}
	if f.DelayMS < 0 || f.Times != nil && *f.Times < 0 {
		return errors.New("delay_ms and times cannot be negative")
	}
	return nil
}

func (f Fault) concerns(c call, name string) bool {
	if f.Verb != "" && f.Verb != c.verb || f.Times != nil && *f.Times == 0 {
		return false
	}
	if f.Match == "" {
		return true
	}
	for _, s := range []string{c.id, name} {
		if ok, _ := path.Match(f.Match, s); ok && s != "" {
			return true
		}
	}
	return false
}

// err is the error that it makes a call return, nil for none.
func (f Fault) err() error {
	message := f.Message
	if message == "" {
		message = "injected fault"
	}
	switch f.Error {
	case "temporary":
		return hypervisor.TemporaryFailure("%s", message)
	case "permanent":
		return &hypervisor.Error{Err: errors.New(message)}
	case "capacity":
		return hypervisor.Failure(hypervisor.ErrCapacity, "%s", message)
	}
	return nil
}

// SetFaults replaces the faults of the location whose folder is dir.
func SetFaults(dir string, list ...Fault) error {
	for i, f := range list {
		if err := f.validate(); err != nil {
			return fmt.Errorf("fault %d: %w", i, err)
		}
	}
	lock, err := lockFolder(dir, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	return errors.Join(writeFaults(dir, list), lock.Close())
}

// Faults are the faults of the location whose folder is dir that are not used up yet.
func Faults(dir string) ([]Fault, error) {
	text, err := os.ReadFile(filepath.Join(dir, FaultsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var list []Fault
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", FaultsFile, err)
	}
	for i, f := range list {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("%s: fault %d: %w", FaultsFile, i, err)
		}
	}
	return list, nil
}

func writeFaults(dir string, list []Fault) error {
	left := []Fault{} // [] and not null, for who looks at the file
	for _, f := range list {
		if f.Times == nil || *f.Times > 0 {
			left = append(left, f)
		}
	}
	text, err := json.MarshalIndent(left, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, FaultsFile), append(text, '\n'))
}

// faults knows whether there is anything to obey, so that calls without faults do not read the file each time.
type faults struct {
	dir string

	mu   sync.Mutex
	info os.FileInfo
	none bool
}

// take is the fault for a call, nil for none, and counts it as used.
func (f *faults) take(c call, s *store) (*Fault, error) {
	if f.quiet() {
		return nil, nil
	}
	name := c.name
	if name == "" {
		if err := s.read(func(s *state) error { name = s.nameOf(c.id); return nil }); err != nil {
			return nil, err
		}
	}
	lock, err := lockFolder(f.dir, syscall.LOCK_EX)
	if err != nil {
		return nil, broken(err)
	}
	taken, err := f.takeLocked(c, name)
	if err = errors.Join(err, lock.Close()); err != nil {
		return nil, hypervisor.TemporaryFailure("%w", err)
	}
	return taken, nil
}

func (f *faults) takeLocked(c call, name string) (*Fault, error) {
	list, err := Faults(f.dir)
	if err != nil {
		return nil, err
	}
	for i, fault := range list {
		if !fault.concerns(c, name) {
			continue
		}
		if fault.Times == nil {
			return &fault, nil
		}
		left := *fault.Times - 1
		list[i].Times = &left
		return &fault, writeFaults(f.dir, list)
	}
	return nil, nil
}

// quiet reports that there are no faults at all, from the file only if it is another than last time.
func (f *faults) quiet() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(filepath.Join(f.dir, FaultsFile))
	if errors.Is(err, fs.ErrNotExist) {
		f.info, f.none = nil, false
		return true
	}
	if err != nil {
		return false
	}
	same := f.info != nil && os.SameFile(f.info, info) && f.info.ModTime().Equal(info.ModTime()) && f.info.Size() == info.Size()
	if !same {
		list, err := Faults(f.dir)
		f.info, f.none = info, err == nil && len(list) == 0
	}
	return f.none
}

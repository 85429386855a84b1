// What a saga is made of, and what its steps see while they run.

package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// A Step is one piece of an operation's work. See the package's documentation for what it has to promise.
type Step struct {
	// Name is unique within its definition and never changes: an operation that was begun by an older program goes on by it.
	Name string
	// Do does the work. An error with Temporary() true is tried again, any other makes the operation fail. Without Do the step only
	// has something to undo.
	Do func(ctx context.Context, r *Run) error
	// Undo takes back what Do may have done. It is tried again on every error. A step without Undo leaves nothing behind.
	Undo func(ctx context.Context, r *Run) error
}

// A Definition says how one action is carried out.
type Definition struct {
	// Action is kind.verb: virtual_machine.create.
	Action string
	Steps  []Step
	// Done writes the result, in the transaction that ends the operation as succeeded. An error of it is treated like a step's.
	Done func(ctx context.Context, r *Run) error
	// Failed writes what became of the object, in the transaction that ends the operation as failed or cancelled, after the
	// undo. cause is a *Failure; errors.Is(cause, ErrCancelled) tells a cancelled one.
	Failed func(ctx context.Context, r *Run, cause error) error
}

func (d Definition) validate() error {
	if d.Action == "" {
		return errors.New("saga: a definition without an action")
	}
	names := map[string]bool{}
	for _, s := range d.Steps {
		switch {
		case s.Name == "":
			return fmt.Errorf("saga %s: a step without a name", d.Action)
		case names[s.Name]:
			return fmt.Errorf("saga %s: two steps named %s", d.Action, s.Name)
		case s.Do == nil && s.Undo == nil:
			return fmt.Errorf("saga %s: step %s does nothing", d.Action, s.Name)
		}
		names[s.Name] = true
	}
	return nil
}

func (d Definition) step(name string) (Step, bool) {
	for _, s := range d.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return Step{}, false
}

// A Run is one operation as its steps see it.
type Run struct {
	OperationID     string
	Action          string
	TargetKind      string
	TargetID        string
	BillingEntityID string
	CustomerID      *string
	RequestedBy     string // id of the principal who asked
	RequestID       string
	// Attempt counts how often the present step has been begun, from 1.
	Attempt int

	data json.RawMessage
}

// Load reads the state of the run into v: what was saved last, and before that the input of Start.
func (r *Run) Load(v any) error {
	if len(r.data) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.data, v); err != nil {
		return fmt.Errorf("state of %s: %w", r.OperationID, err)
	}
	return nil
}

// Save replaces the state of the run by v. It is kept when the step ends, well or not; a step that is cut off loses it.
// The state is stored as it is: it must not hold secrets.
func (r *Run) Save(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("state of %s: %w", r.OperationID, err)
	}
	r.data = b
	return nil
}

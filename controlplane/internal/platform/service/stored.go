package service

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Rules are what is special about a kind. R is its row, C what an object is made from, S what can be changed of one, V what is read. The
// first three say how these belong together; the others may be nil. Those that are given a context and a row run in the transaction of the change.
type Rules[R, C, S, V any] struct {
	// Row is the row of what is asked for.
	Row func(in C) R
	// Spec is the part of a row that can be changed; nil for a kind of which nothing can.
	Spec func(row *R) *S
	// View is what is read of a row.
	View func(row *R) V

	// Secrets are the fields that are written and never read.
	Secrets []Secret[R]
	// Sealed are secrets that the server has, which only operations reveal.
	Sealed []Sealed[R]
	// Follows computes each field that follows others (x-follows), from the row and from nothing else.
	Follows map[string]func(row *R)
	// Place finds where a new row belongs, and keeps what it refers to from being removed. Unless set, every field that is marked as a
	// reference is looked up under the rights of the caller, and the new one belongs where what decides about it does.
	Place func(ctx context.Context, row *R) error
	// Complete sets what is chosen or made for a row, once its fields are right: those that nobody has sent, and those that the server sets when
	// an entry of a map is made. old is nil for a new row.
	Complete func(ctx context.Context, old, next *R) error
	// Fields reports the wrong fields that can be told apart from what they refer to. old is nil for a new row.
	Fields func(old, next *R) []fault.Field
	// Check refuses what must not be, once all fields are right by themselves. old is nil for a new row.
	Check func(ctx context.Context, old, next *R) error
	// Release is called before a row goes. It refuses, or takes away what refers to the row without keeping it.
	Release func(ctx context.Context, row *R) error
	// After does what follows from a change. old is nil for a new row, next for one that is gone; the two are alike where a change changed
	// nothing.
	After func(ctx context.Context, old, next *R) error
	// Fill completes what is read with what others know of it.
	Fill func(ctx context.Context, found []V) error
	// Uses is what a row uses. A kind with dimensions of quota has it.
	Uses func(ctx context.Context, row *R) (Use, error)
}

// Secret is a field that is written and never read, and the column that keeps it, encrypted. Fields and Check see it before it is.
type Secret[R any] struct {
	// Field is its name; that of one in an object has the object's before it: uploaded/private_key.
	Field  string
	Column vault.Column
	// In is where a row has it, nil where the row has not the object that it is in: then none is kept.
	In   func(row *R) **secret.String
	Kept func(row *R) *[]byte
}

// Stored is the service of a kind whose objects are rows.
type Stored[R, C, S, V any] struct {
	Table *resource.Table[R]

	deps    module.Deps
	kind    resource.Kind
	rules   Rules[R, C, S, V]
	locator *resource.Locator
}

// NewStored returns the service of a kind, and registers the kind. Rules that cannot be kept are a defect of the program.
func NewStored[R, C, S, V any](d module.Deps, kind resource.Kind, rules Rules[R, C, S, V]) *Stored[R, C, S, V] {
	followers, err := rules.followers()
	if err := errors.Join(rules.sound(kind), err); err != nil {
		panic(fmt.Sprintf("kind %s: %v", kind.Name, err))
	}
	s := &Stored[R, C, S, V]{
		Table: resource.NewTable[R](d.DB, d.Registry, d.Clock, kind), deps: d, kind: kind, rules: rules,
		locator: resource.NewLocator(d.DB, d.Registry),
	}
	s.Table.Follow(followers)
	return s
}

// sound refuses rules that some object would break unnoticed.
func (r Rules[R, C, S, V]) sound(kind resource.Kind) error {
	if r.Uses == nil && len(kind.Quota) > 0 {
		return errors.New("has quota, and does not say what it uses")
	}
	if decider := kind.Decider(); r.Place == nil && decider != "" {
		// What is not sent decides nothing.
		f, ok := resource.FieldsOf(reflect.TypeFor[C]())[decider]
		if _, refers := resource.Trait(f, "x-ref"); !ok || !refers || f.Type.Kind() != reflect.String {
			return fmt.Errorf("%s is not a reference that every new one has: say with Place where it belongs", decider)
		}
	}
	own := resource.FieldsOf(reflect.TypeFor[resource.Base]())
	for column := range resource.FieldsOf(reflect.TypeFor[S]()) {
		if _, ok := own[column]; ok {
			return fmt.Errorf("%s cannot be changed: every row has it, and the system sets it", column)
		}
	}
	return nil
}

// Create adds an object.
func (s *Stored[R, C, S, V]) Create(ctx context.Context, in C) (V, error) {
	var row R
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		row = s.rules.Row(in)
		return s.add(ctx, &row)
	})
	return s.Answer(ctx, &row, err)
}

func (s *Stored[R, C, S, V]) add(ctx context.Context, row *R) error {
	s.Table.Prepare(row)
	place := s.rules.Place
	if place == nil {
		place = s.place
	}
	if err := s.valid(nil, row, place(ctx, row)); err != nil {
		return err
	}
	if err := s.complete(ctx, nil, row); err != nil {
		return err
	}
	if err := s.admitted(ctx, row); err != nil {
		return err
	}
	s.Table.Renew(nil, row)
	if err := s.check(ctx, nil, row); err != nil {
		return err
	}
	if err := s.seal(ctx, row, func(string) bool { return true }); err != nil {
		return err
	}
	if err := s.makeSealed(ctx, row); err != nil {
		return err
	}
	if err := s.Table.Insert(ctx, row); err != nil {
		return err
	}
	if err := s.Account(ctx, row); err != nil {
		return err
	}
	return s.after(ctx, nil, row)
}

// admitted refuses something new of a customer that can have nothing new.
func (s *Stored[R, C, S, V]) admitted(ctx context.Context, row *R) error {
	customer := resource.BaseOf(row).CustomerID
	if customer == "" {
		return nil
	}
	return s.deps.Registry.Admitted(ctx, s.kind, customer)
}

// place looks up what a new row refers to.
func (s *Stored[R, C, S, V]) place(ctx context.Context, row *R) error {
	found, err := s.refer(ctx, resource.Mentions(row))
	if err == nil {
		s.Table.PlaceIn(row, found["/"+s.kind.Decider()])
	}
	return err
}

// refer finds where the objects stand that are mentioned, by the pointers to them, and keeps them from being removed until the transaction ends.
// Every reference to nothing that the caller may see is reported at once.
func (s *Stored[R, C, S, V]) refer(ctx context.Context, mentions []resource.Mention) (map[string]authz.Chain, error) {
	var wrong []fault.Field
	found := map[string]authz.Chain{}
	for _, m := range mentions {
		refer := s.locator.Refer
		if p := s.kind.Parent; p != nil && p.Alone && "/"+p.Field == m.Pointer {
			refer = s.locator.ReferAlone
		}
		at, err := refer(ctx, m.Pointer, m.ID, m.Kinds...)
		if err := fault.Gather(&wrong, err); err != nil {
			return nil, err
		}
		found[m.Pointer] = at
	}
	return found, fault.InvalidFields(wrong...)
}

// seal encrypts the secrets that were sent, and takes them out of the row.
func (s *Stored[R, C, S, V]) seal(ctx context.Context, row *R, sent func(field string) bool) error {
	for _, secret := range s.rules.Secrets {
		field, kept := secret.In(row), secret.Kept(row)
		if field == nil {
			*kept = nil
			continue
		}
		text := *field
		*field = nil
		if !sent(secret.Field) {
			continue
		}
		var err error
		if *kept, err = secret.Column.Replace(ctx, resource.BaseOf(row).ID, *kept, text); err != nil {
			return err
		}
	}
	return nil
}

// valid adds the wrong fields of a row to those that were found before, so that all are reported at once.
func (s *Stored[R, C, S, V]) valid(old, next *R, before ...error) error {
	var wrong []fault.Field
	for _, err := range before {
		if err := fault.Gather(&wrong, err); err != nil {
			return err
		}
	}
	if s.rules.Fields != nil {
		wrong = append(wrong, s.rules.Fields(old, next)...)
	}
	return fault.InvalidFields(wrong...)
}

func (s *Stored[R, C, S, V]) complete(ctx context.Context, old, next *R) error {
	if s.rules.Complete == nil {
		return nil
	}
	return s.rules.Complete(ctx, old, next)
}

func (s *Stored[R, C, S, V]) check(ctx context.Context, old, next *R) error {
	if s.rules.Check == nil {
		return nil
	}
	return s.rules.Check(ctx, old, next)
}

func (s *Stored[R, C, S, V]) after(ctx context.Context, old, next *R) error {
	if s.rules.After == nil {
		return nil
	}
	return s.rules.After(ctx, old, next)
}

// Answer is what is read of a row, or the error.
func (s *Stored[R, C, S, V]) Answer(ctx context.Context, row *R, err error) (V, error) {
	if err != nil {
		var none V
		return none, err
	}
	found, err := s.read(ctx, *row)
	return found[0], err
}

// read is what is read of rows.
func (s *Stored[R, C, S, V]) read(ctx context.Context, rows ...R) ([]V, error) {
	found := make([]V, len(rows))
	for i := range rows {
		found[i] = s.rules.View(&rows[i])
	}
	if s.rules.Fill == nil || len(found) == 0 {
		return found, nil
	}
	return found, s.rules.Fill(ctx, found)
}

// Get returns an object.
func (s *Stored[R, C, S, V]) Get(ctx context.Context, id string) (V, error) {
	row, err := s.Table.Get(ctx, id)
	return s.Answer(ctx, &row, err)
}

// List returns a page of objects.
func (s *Stored[R, C, S, V]) List(ctx context.Context, q resource.ListQuery) (resource.Page[V], error) {
	rows, next, err := s.Table.List(ctx, q)
	if err != nil {
		return resource.Page[V]{}, err
	}
	found, err := s.read(ctx, rows...)
	return resource.Page[V]{Items: found, NextPageToken: next}, err
}

// Update changes an object.
func (s *Stored[R, C, S, V]) Update(ctx context.Context, in httpapi.PatchInput[S]) (V, error) {
	var row R
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var old R
		var changed bool
		var err error
		row, changed, err = s.Table.Change(ctx, in.ID, in.IfMatch, func(row *R) error {
			old = resource.Copied(row)
			return s.change(ctx, &old, row, in.Patch)
		})
		if err != nil {
			return err
		}
		if changed {
			if err := s.Amend(ctx, &row); err != nil {
				return err
			}
		}
		return s.after(ctx, &old, &row)
	})
	return s.Answer(ctx, &row, err)
}

// change applies a patch to a row that is locked.
func (s *Stored[R, C, S, V]) change(ctx context.Context, old, row *R, patch resource.Patch[S]) error {
	spec := s.rules.Spec(row)
	next, err := patch.Apply(*spec)
	if err != nil {
		return err
	}
	smaller := fault.InvalidFields(shrunk(*spec, next)...)
	*spec = next
	_, missing := s.refer(ctx, added(resource.Mentions(old), resource.Mentions(row)))
	if err := s.valid(old, row, smaller, missing); err != nil {
		return err
	}
	if err := s.complete(ctx, old, row); err != nil {
		return err
	}
	s.Table.Renew(old, row)
	if err := s.check(ctx, old, row); err != nil {
		return err
	}
	return s.seal(ctx, row, patch.Has)
}

// added are the mentions that were not there before.
func added(before, now []resource.Mention) []resource.Mention {
	return slices.DeleteFunc(now, func(m resource.Mention) bool {
		return slices.ContainsFunc(before, func(b resource.Mention) bool { return b.Pointer == m.Pointer && b.ID == m.ID })
	})
}

// Delete removes an object that nothing is in and nothing needs.
func (s *Stored[R, C, S, V]) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		row, err := s.deletable(ctx, in)
		if err != nil {
			return err
		}
		return s.gone(ctx, &row)
	})
}

// deletable locks a row that is to be deleted, and refuses while it is protected, or while others are in it or need it.
func (s *Stored[R, C, S, V]) deletable(ctx context.Context, in httpapi.DeleteInput) (R, error) {
	row, err := s.Table.LockIdle(ctx, in.ID, in.IfMatch)
	if err == nil && s.rules.Release != nil {
		err = s.rules.Release(ctx, &row)
	}
	if err != nil {
		return row, err
	}
	return row, s.Table.Deletable(ctx, &row)
}

// gone removes a row, and ends what it used.
func (s *Stored[R, C, S, V]) gone(ctx context.Context, row *R) error {
	if err := s.release(ctx, resource.BaseOf(row).ID); err != nil {
		return err
	}
	if err := s.Table.Remove(ctx, resource.BaseOf(row).ID); err != nil {
		return err
	}
	return s.after(ctx, row, nil)
}

// drop removes a row that nobody has asked to delete, and that nothing has been asked about.
func (s *Stored[R, C, S, V]) drop(ctx context.Context, row *R) error {
	if s.rules.Release != nil {
		if err := s.rules.Release(ctx, row); err != nil {
			return err
		}
	}
	return s.gone(ctx, row)
}

// RemoveAll removes everything that a customer has of the kind, for good and whatever protects it.
func (s *Stored[R, C, S, V]) RemoveAll(ctx context.Context, customerID string) error {
	rows, err := s.Table.All(ctx, "customer_id = ?", customerID)
	if err != nil {
		return err
	}
	for i := range rows {
		err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
			row, err := s.Table.Lock(ctx, resource.BaseOf(&rows[i]).ID)
			if fault.IsCode(err, "not_found") {
				return nil
			}
			if err != nil {
				return err
			}
			return s.drop(ctx, &row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

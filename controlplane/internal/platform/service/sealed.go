package service

import (
	"context"
	"fmt"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Sealed is a secret of an object that the server has, and nobody sends: a column that keeps it, encrypted. It is in no answer but that of an
// operation that reveals it.
type Sealed[R any] struct {
	Column vault.Column
	Kept   func(row *R) *[]byte
	// Make makes that of a new object. Unless set, there is none until something else seals one.
	Make func(ctx context.Context, row *R) (secret.String, error)
}

// makeSealed makes the secrets that a new object has from its beginning.
func (s *Stored[R, C, S, V]) makeSealed(ctx context.Context, row *R) error {
	for _, sealed := range s.rules.Sealed {
		if sealed.Make == nil {
			continue
		}
		text, err := sealed.Make(ctx, row)
		if err != nil {
			return err
		}
		if *sealed.Kept(row), err = sealed.Column.Seal(ctx, resource.BaseOf(row).ID, &text); err != nil {
			return err
		}
	}
	return nil
}

// Reveal opens a secret of an object, of one that was sent or that the server has; nil if the object has none. It is for operations that
// reveal, which the caller may do: nothing else may answer it.
func (s *Stored[R, C, S, V]) Reveal(ctx context.Context, id string, column vault.Column) (*string, error) {
	row, err := s.Table.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	kept, err := s.ciphertext(&row, column)
	if err != nil || kept == nil {
		return nil, err
	}
	text, err := column.Open(resource.BaseOf(&row).ID, kept)
	if err != nil {
		return nil, err
	}
	plain := text.Reveal()
	return &plain, nil
}

// ciphertext is what a column of secrets has in a row.
func (s *Stored[R, C, S, V]) ciphertext(row *R, column vault.Column) ([]byte, error) {
	for _, secret := range s.rules.Secrets {
		if secret.Column == column {
			return *secret.Kept(row), nil
		}
	}
	for _, sealed := range s.rules.Sealed {
		if sealed.Column == column {
			return *sealed.Kept(row), nil
		}
	}
	return nil, fmt.Errorf("kind %s: keeps no secret in %s", s.kind.Name, column)
}

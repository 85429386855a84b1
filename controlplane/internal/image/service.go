package image

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Service keeps the images.
type Service struct {
	deps  module.Deps
	table *resource.Table[row, *row]
}

// Create adds an image.
func (s *Service) Create(ctx context.Context, in ImageCreate) (Image, error) {
	r := &row{OSType: in.OSType, Architecture: in.Architecture}
	r.set(in.ImageSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error { return s.table.Insert(ctx, r) })
	return r.model(), err
}

// Get returns an image.
func (s *Service) Get(ctx context.Context, id string) (Image, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of images.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Image], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes an image.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[ImageSpec]) (Image, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			next, err := in.Patch.Apply(r.spec())
			if err == nil {
				r.set(next)
			}
			return err
		})
		return err
	})
	return r.model(), err
}

// Delete removes an image that nothing needs.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.table.Drop(ctx, in.ID, in.IfMatch)
}

// Refer returns the size of the smallest boot disk that holds the image, and keeps it from being deleted until the transaction ends.
func (s *Service) Refer(ctx context.Context, pointer, id string) (minDiskGiB int64, err error) {
	r, err := s.table.Refer(ctx, pointer, id)
	return r.MinDiskGiB, err
}

// Source is where the image is fetched from, empty if it needs no fetching.
func (s *Service) Source(ctx context.Context, id string) (string, error) {
	r, err := s.table.Get(ctx, id)
	return resource.Text(r.SourceURL), err
}

// Package image keeps what the boot disks of machines are made from.
//
// Invariants:
//   - Operating system and architecture never change: machines were placed by them.
//   - An image that machines were made from cannot be deleted.
package image

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Kind describes images. They are for everybody.
var Kind = resource.Kind{
	Name: "image", Title: "Image", Category: "Compute", Prefix: "img", Named: true, Scope: true, Shared: resource.ForAll,
	Description: "What the boot disk of a virtual machine is made from.",
	Filters: []resource.Filter{
		{Name: "os_type", Words: "Those of this operating system"},
		{Name: "architecture", Words: "Those for this architecture"},
	},
}

// Spec is what can be changed of an image.
type Spec struct {
	resource.Named
	// Where the image is fetched from.
	SourceURL *string `json:"source_url" format:"uri" maxLength:"500"`
	// Smallest boot disk that holds it.
	MinDiskGiB int64 `json:"min_disk_gib" minimum:"1" maximum:"65536" default:"1" extensions:"x-unit=GiB,x-title=Smallest disk"`
} // @name ImageSpec

// Create is what an image is made from.
type Create struct {
	// Operating system.
	OSType string `json:"os_type" enums:"linux,windows,other" default:"linux"`
	// Processor architecture.
	Architecture string `json:"architecture" enums:"x86_64,aarch64" default:"x86_64"`
	Spec
} // @name ImageCreate

// Image is what a boot disk is made from.
type Image struct {
	resource.Meta
	Create
} // @name Image

type row struct {
	resource.Base
	Create
}

// Service keeps the images.
type Service struct {
	*service.Stored[row, Create, Spec, Image]
}

// New returns the service.
func New(d module.Deps) *Service {
	return &Service{service.NewStored(d, Kind, service.Rules[row, Create, Spec, Image]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Image { return Image{Meta: r.Meta(), Create: r.Create} },
	})}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// MinDiskGiB is the size of the smallest boot disk that holds the image.
func (s *Service) MinDiskGiB(ctx context.Context, id string) (int64, error) {
	r, err := s.Table.Get(authz.Elevated(ctx), id)
	return r.MinDiskGiB, err
}

// Source is where the image is fetched from, empty if it needs no fetching.
func (s *Service) Source(ctx context.Context, id string) (string, error) {
	r, err := s.Table.Get(ctx, id)
	return resource.Text(r.SourceURL), err
}

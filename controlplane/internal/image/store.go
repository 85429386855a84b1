package image

import (
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type row struct {
	resource.Columns `gorm:"embedded"`
	OSType           string `gorm:"column:os_type"`
	Architecture     string
	SourceURL        *string `gorm:"column:source_url"`
	MinDiskGiB       int64   `gorm:"column:min_disk_gib"`
}

func (r *row) model() Image {
	return Image{Meta: r.Meta(), ImageCreate: ImageCreate{OSType: r.OSType, Architecture: r.Architecture, ImageSpec: r.spec()}}
}

func (r *row) spec() ImageSpec {
	return ImageSpec{Named: r.Named(), SourceURL: r.SourceURL, MinDiskGiB: r.MinDiskGiB}
}

func (r *row) set(s ImageSpec) {
	r.SetNamed(s.Named)
	r.SourceURL, r.MinDiskGiB = s.SourceURL, s.MinDiskGiB
}

// offered are all images.
func offered(authz.Access) []resource.Offer { return []resource.Offer{{Where: "true"}} }

package image

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes images.
var Kind = resource.Kind{
	Name: "image", Plural: "images", Title: "Image", Category: "Compute", Prefix: "img", Path: "/images", Table: "image", Named: true,
	Description: "What the boot disk of a virtual machine is made from.",
	Scope:       true,
	Shared:      offered,
}

// ImageSpec is what can be changed of an image.
type ImageSpec struct {
	resource.Named
	// Where the image is fetched from.
	SourceURL *string `json:"source_url" format:"uri" maxLength:"500"`
	// Smallest boot disk that holds it.
	MinDiskGiB int64 `json:"min_disk_gib" minimum:"1" maximum:"65536" default:"1" extensions:"x-unit=GiB"`
} // @name ImageSpec

// ImageCreate is what an image is made from.
type ImageCreate struct {
	// Operating system.
	OSType string `json:"os_type" enums:"linux,windows,other" default:"linux"`
	// Processor architecture.
	Architecture string `json:"architecture" enums:"x86_64,aarch64" default:"x86_64"`
	ImageSpec
} // @name ImageCreate

// Image is what a boot disk is made from.
type Image struct {
	resource.Meta
	ImageCreate
} // @name Image

// ImageList is one page of images.
type ImageList struct {
	resource.Page[Image]
} // @name ImageList

// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Image is an image, as it is answered. What the boot disk of a virtual machine is made from.
type Image struct {
	Named
	OSType       ImageOSType       `json:"os_type"`      // Operating system.
	Architecture ImageArchitecture `json:"architecture"` // Processor architecture.
	SourceURL    *string           `json:"source_url"`   // Where the image is fetched from.
	MinDiskGiB   int               `json:"min_disk_gib"` // Smallest boot disk that holds it. In GiB.
}

// ImageCreate is what an image is made from.
type ImageCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	OSType             ImageOSType       `json:"os_type,omitzero"`             // Operating system. Default "linux".
	Architecture       ImageArchitecture `json:"architecture,omitzero"`        // Processor architecture. Default "x86_64".
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	SourceURL          *string           `json:"source_url,omitzero"`          // Where the image is fetched from.
	MinDiskGiB         *int              `json:"min_disk_gib,omitzero"`        // Smallest boot disk that holds it. In GiB. Default 1. 1 to 65536.
}

// ImagePatch is a change of an image.
type ImagePatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	SourceURL          client.Optional[string]                 `json:"source_url,omitzero"`          // Where the image is fetched from.
	// Smallest boot disk that holds it. In GiB. 1 to 65536.
	MinDiskGiB client.Optional[int] `json:"min_disk_gib,omitzero"`
}

// ImageOSType is what os_type can be.
type ImageOSType string

const (
	ImageOSTypeLinux   ImageOSType = "linux"
	ImageOSTypeWindows ImageOSType = "windows"
	ImageOSTypeOther   ImageOSType = "other"
)

// ImageArchitecture is what architecture can be.
type ImageArchitecture string

const (
	ImageArchitectureX86_64  ImageArchitecture = "x86_64"
	ImageArchitectureAarch64 ImageArchitecture = "aarch64"
)

// ImageQuery says which images a list finds: all, unless it says more.
type ImageQuery struct {
	State          []State           `query:"state"`            // Those in one of these states.
	OSType         ImageOSType       `query:"os_type"`          // Those of this operating system.
	Architecture   ImageArchitecture `query:"architecture"`     // Those for this architecture.
	CreatedAtFrom  time.Time         `query:"created_at_from"`  // Those that were made then or later.
	CreatedAtUntil time.Time         `query:"created_at_until"` // Those that were made before then.
	Label          string            `query:"label"`            // Label selector: env=prod,tier!=db,owner,!legacy.
	Search         string            `query:"q"`                // Part of the name or display name.
	Path           string            `query:"path"`             // Name path: all that match it.
	OrderBy        string            `query:"order_by"`         // With a minus sign the other way round: name, created_at.
	PageSize       int               `query:"page_size"`        // How many objects one request brings, up to 500; 0 for as many as that.
}

// ImageKind is what can be done with images.
type ImageKind = client.NamedKind[Image, ImageCreate, ImagePatch, ImageQuery]

// Images are the images of a server.
func Images(c *client.Client) ImageKind { return client.Bind[ImageKind](c, kind("image")) }

// Package crate has an asynchronous kind with a secret, an attachment and an action with a body.
package crate

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// CrateSpec is what can be changed of a crate.
type CrateSpec struct {
	resource.Named
	// Size; it can only grow.
	SizeGib int64 `json:"size_gib" validate:"required" minimum:"1" maximum:"65536" extensions:"x-unit=GiB,x-grow-only"`
	// Whether it is to be open.
	LidState string `json:"lid_state" enums:"open,closed" default:"closed" extensions:"x-needs-stop,x-title=What the lid is to be"`
	// The warehouse, or the crate, that lends its lock.
	LenderID *string `json:"lender_id" format:"typeid" extensions:"x-ref=warehouse|crate"`
	// What the lock opens with.
	LockCode *string `json:"lock_code" maxLength:"64" extensions:"x-write-only"`
} // @name CrateSpec

// CrateCreate is what a crate is made from.
type CrateCreate struct {
	// The warehouse it is in.
	WarehouseID string `json:"warehouse_id" validate:"required" format:"typeid" extensions:"x-ref=warehouse"`
	CrateSpec
} // @name CrateCreate

// Crate holds goods.
type Crate struct {
	resource.Meta
	CrateCreate
	// Weight as last measured.
	WeightBytes *int64 `json:"weight_bytes" readonly:"true" extensions:"x-volatile,x-nullable,x-unit=bytes"`
} // @name Crate

// Shake says how a crate is shaken.
type Shake struct {
	// How often.
	Times int64 `json:"times" minimum:"1" maximum:"9" default:"1"`
} // @name CrateShake

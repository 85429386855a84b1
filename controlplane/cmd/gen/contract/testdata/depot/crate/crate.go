// Package crate has an asynchronous kind with a secret, an attachment and an action with a body.
package crate

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// CrateSpec is what can be changed of a crate.
type CrateSpec struct {
	resource.Named
	// Size; it can only grow.
	SizeGib int64 `json:"size_gib" validate:"required" minimum:"1" maximum:"65536" extensions:"x-unit=GiB,x-grow-only"`
	// Whether it is to be open.
	LidState string `json:"lid_state" enums:"open,closed" default:"closed" extensions:"x-needs-stop"`
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

// CrateList is one page of crates.
type CrateList struct {
	resource.Page[Crate]
} // @name CrateList

// Shake says how a crate is shaken.
type Shake struct {
	// How often.
	Times int64 `json:"times" minimum:"1" maximum:"9" default:"1"`
} // @name CrateShake

// @Summary	Create a crate
// @ID		crates.create
// @Param	body	body		CrateCreate	true	"The crate"
// @Success	201		{object}	Crate
// @Router	/crates [post]
func create() {}

// @Summary	Get a crate
// @ID		crates.get
// @Success	200	{object}	Crate
// @Router	/crates/{id} [get]
func get() {}

// @Summary	List crates
// @ID		crates.list
// @Param	warehouse_id	query		string	false	"Those in one warehouse"
// @Param	lid_state		query		string	false	"Those that are to be so"
// @Success	200				{object}	CrateList
// @Router	/crates [get]
func list() {}

// @Summary	Change a crate
// @ID		crates.update
// @Param	body	body		CrateSpec	true	"The changes"
// @Success	200		{object}	Crate
// @Router	/crates/{id} [patch]
func update() {}

// @Summary	Delete a crate
// @ID		crates.delete
// @Success	202	{object}	Crate
// @Router	/crates/{id} [delete]
func remove() {}

// @Summary	Shake a crate
// @ID		crates.shake
// @Param	body	body		Shake	false	"How"
// @Success	202		{object}	Crate
// @Router	/crates/{id}/actions/shake [post]
func shake() {}

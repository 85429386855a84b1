// Package warehouse has a kind with a nested type that is both sent and read.
package warehouse

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Address is where it stands.
type Address struct {
	// Street and number.
	Street *string `json:"street" maxLength:"200"`
	// ISO 3166 country code.
	Country string `json:"country" validate:"required" format:"country"`
} // @name Address

// WarehouseSpec is what can be changed of a warehouse.
type WarehouseSpec struct {
	resource.Named
	// Where it stands
	Address *Address `json:"address"`
	// E-mail addresses of its keepers.
	Keepers []string `json:"keepers" maxLength:"254" extensions:"x-max-items=20,x-set,x-item-format=email"`
	// Its ids in other systems.
	ExternalIDs map[string]string `json:"external_ids" maxLength:"40" extensions:"x-max-items=4"`
	// The warehouse that takes what does not fit; the nearest one unless set.
	OverflowID *string `json:"overflow_id" format:"typeid" extensions:"x-ref=warehouse,x-server-default"`
	// Area of its floor.
	FloorLimitMib int64 `json:"floor_limit_mib" minimum:"0" maximum:"1000000" default:"10" extensions:"x-unit=MiB"`
} // @name WarehouseSpec

// WarehouseCreate is what a warehouse is made from.
type WarehouseCreate struct {
	// Currency of its prices.
	Currency string `json:"currency" validate:"required" format:"currency"`
	WarehouseSpec
} // @name WarehouseCreate

// Warehouse keeps crates.
type Warehouse struct {
	resource.Meta
	WarehouseCreate
} // @name Warehouse

// Package club is a small server for the generator's tests, of the kinds that the depot has none of: unnamed ones with a key, one that is
// there once for each thing that it is about, one with a secret that is shown once, and one whose ids are words.
//
//	@title		Club
//	@version	1.0
//	@BasePath	/api/v1
package club

import (
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// HallSpec is what can be changed of a hall.
type HallSpec struct {
	resource.Named
	// What it costs the club.
	Fee *int64 `json:"fee" minimum:"0" maximum:"100" extensions:"x-visible=halls.get_fee"`
} // @name HallSpec

// Hall is where the club meets.
type Hall struct {
	resource.Meta
	HallSpec
} // @name Hall

// PassSpec is what can be changed of a pass.
type PassSpec struct {
	resource.Named
} // @name PassSpec

// PassCreate is what a pass is made from.
type PassCreate struct {
	// Who has it: a hall, or another pass.
	OwnerID string `json:"owner_id" validate:"required" format:"typeid" extensions:"x-ref=hall|pass"`
	// Where it opens doors; everywhere unless set.
	ScopeID *string `json:"scope_id" format:"typeid" extensions:"x-ref=scope"`
	PassSpec
} // @name PassCreate

// PassUse is where a pass was used.
type PassUse struct {
	// The kind of place.
	Kind string `json:"kind"`
	// The place.
	ID string `json:"id"`
} // @name PassUse

// Pass opens doors.
type Pass struct {
	resource.Meta
	PassCreate
	// What it opens doors with.
	Token *string `json:"token" readonly:"true" extensions:"x-nullable,x-shown-once"`
	// Where it was used last.
	Uses []PassUse `json:"uses" readonly:"true" extensions:"x-volatile"`
} // @name Pass

// PassRenewal says how a pass is renewed.
type PassRenewal struct {
	// For how long the old one still opens doors.
	OverlapSeconds int64 `json:"overlap_seconds" minimum:"0" maximum:"86400" default:"3600" extensions:"x-unit=s"`
	// When the new one ends; as before unless set.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time"`
} // @name PassRenewal

// LoanCreate is what a loan is made from.
type LoanCreate struct {
	// The pass that is lent.
	PassID string `json:"pass_id" validate:"required" format:"typeid" extensions:"x-ref=pass"`
	// Where it counts.
	ScopeID string `json:"scope_id" validate:"required" format:"typeid" extensions:"x-ref=scope"`
	// How it was lent.
	Manner string `json:"manner" validate:"required" enums:"day,night"`
} // @name LoanCreate

// Loan is a pass that somebody has for a while.
type Loan struct {
	resource.Record
	LoanCreate
} // @name Loan

// RotaDuty is who has a pass, and until when.
type RotaDuty struct {
	// Members who have it for good.
	Members []string `json:"members" maxLength:"100" extensions:"x-max-items=50,x-set"`
	// Members who have it until a time.
	ExpiringMembers map[string]time.Time `json:"expiring_members" extensions:"x-max-items=50,x-item-format=date-time"`
	// What they get for it.
	Pay int64 `json:"pay" minimum:"0" maximum:"100" default:"5" extensions:"x-visible=rotas.get_pay"`
} // @name RotaDuty

// RotaSpec is what can be changed of a rota.
type RotaSpec struct {
	// Who is on duty, by the pass that they have.
	Duties map[string]RotaDuty `json:"duties" extensions:"x-max-items=20,x-ref=pass"`
} // @name RotaSpec

// Rota is the list of those on duty in one place.
type Rota struct {
	// The place that it is of.
	ScopeID string `json:"scope_id" format:"typeid" readonly:"true" extensions:"x-ref=scope"`
	// Counts its changes.
	Revision int64 `json:"revision" readonly:"true" extensions:"x-volatile"`
	RotaSpec
} // @name Rota

// Right is something that may be done.
type Right struct {
	// What it is called.
	ID string `json:"id" readonly:"true"`
	// What it allows.
	Verb string `json:"verb" readonly:"true"`
} // @name Right

// Me is who asks.
type Me struct {
	// What it is called.
	ID string `json:"id"`
} // @name Me

// @Summary	Say who asks
// @ID		whoami.get
// @Param	resource_id	query		string	false	"Seen from there"	format(typeid)
// @Success	200			{object}	Me
// @Router	/whoami [get]
func whoami() {}

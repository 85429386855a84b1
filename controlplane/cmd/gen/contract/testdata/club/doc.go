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
} // @name HallSpec

// Hall is where the club meets.
type Hall struct {
	resource.Meta
	HallSpec
} // @name Hall

// HallList is one page of halls.
type HallList struct {
	resource.Page[Hall]
} // @name HallList

// @Summary	Create a hall
// @ID		halls.create
// @Param	body	body		HallSpec	true	"The hall"
// @Success	201		{object}	Hall
// @Router	/halls [post]
func createHall() {}

// @Summary	Get a hall
// @ID		halls.get
// @Success	200	{object}	Hall
// @Router	/halls/{id} [get]
func getHall() {}

// @Summary	List halls
// @ID		halls.list
// @Success	200	{object}	HallList
// @Router	/halls [get]
func listHalls() {}

// @Summary	Change a hall
// @ID		halls.update
// @Param	body	body		HallSpec	true	"The changes"
// @Success	200		{object}	Hall
// @Router	/halls/{id} [patch]
func updateHall() {}

// @Summary	Delete a hall
// @ID		halls.delete
// @Success	204
// @Router	/halls/{id} [delete]
func deleteHall() {}

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

// PassList is one page of passes.
type PassList struct {
	resource.Page[Pass]
} // @name PassList

// PassRenewal says how a pass is renewed.
type PassRenewal struct {
	// For how long the old one still opens doors.
	OverlapSeconds int64 `json:"overlap_seconds" minimum:"0" maximum:"86400" default:"3600" extensions:"x-unit=s"`
	// When the new one ends; as before unless set.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time"`
} // @name PassRenewal

// @Summary	Create a pass
// @ID		passes.create
// @Param	body	body		PassCreate	true	"The pass"
// @Success	201		{object}	Pass
// @Router	/passes [post]
func createPass() {}

// @Summary	Get a pass
// @ID		passes.get
// @Success	200	{object}	Pass
// @Router	/passes/{id} [get]
func getPass() {}

// @Summary	List passes
// @ID		passes.list
// @Success	200	{object}	PassList
// @Router	/passes [get]
func listPasses() {}

// @Summary	Change a pass
// @ID		passes.update
// @Param	body	body		PassSpec	true	"The changes"
// @Success	200		{object}	Pass
// @Router	/passes/{id} [patch]
func updatePass() {}

// @Summary	Delete a pass
// @ID		passes.delete
// @Success	204
// @Router	/passes/{id} [delete]
func deletePass() {}

// @Summary	Renew a pass
// @ID		passes.renew
// @Param	body	body		PassRenewal	false	"How"
// @Success	200		{object}	Pass
// @Router	/passes/{id}/actions/renew [post]
func renewPass() {}

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

// LoanList is one page of loans.
type LoanList struct {
	resource.Page[Loan]
} // @name LoanList

// @Summary	Create a loan
// @ID		loans.create
// @Param	body	body		LoanCreate	true	"The loan"
// @Success	201		{object}	Loan
// @Router	/loans [post]
func createLoan() {}

// @Summary	Get a loan
// @ID		loans.get
// @Success	200	{object}	Loan
// @Router	/loans/{id} [get]
func getLoan() {}

// @Summary	List loans
// @ID		loans.list
// @Param	pass_id		query		string	false	"Those of one pass"
// @Param	scope_id	query		string	false	"Those that count in one place"
// @Param	manner		query		string	false	"Those lent so"
// @Success	200			{object}	LoanList
// @Router	/loans [get]
func listLoans() {}

// @Summary	Delete a loan
// @ID		loans.delete
// @Success	204
// @Router	/loans/{id} [delete]
func deleteLoan() {}

// RotaDuty is who has a pass, and until when.
type RotaDuty struct {
	// Members who have it for good.
	Members []string `json:"members" maxLength:"100" extensions:"x-max-items=50,x-set"`
	// Members who have it until a time.
	ExpiringMembers map[string]time.Time `json:"expiring_members" extensions:"x-max-items=50,x-item-format=date-time"`
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

// @Summary	Get a rota
// @ID		rotas.get
// @Success	200	{object}	Rota
// @Router	/rotas/{id} [get]
func getRota() {}

// @Summary	Change a rota
// @ID		rotas.update
// @Param	body	body		RotaSpec	true	"The changes"
// @Success	200		{object}	Rota
// @Router	/rotas/{id} [patch]
func updateRota() {}

// @Summary	Empty a rota
// @ID		rotas.delete
// @Success	204
// @Router	/rotas/{id} [delete]
func deleteRota() {}

// Right is something that may be done.
type Right struct {
	// What it is called.
	ID string `json:"id" readonly:"true"`
	// What it allows.
	Verb string `json:"verb" readonly:"true"`
} // @name Right

// RightList is one page of rights.
type RightList struct {
	resource.Page[Right]
} // @name RightList

// @Summary	Get a right
// @ID		rights.get
// @Success	200	{object}	Right
// @Router	/rights/{id} [get]
func getRight() {}

// @Summary	List rights
// @ID		rights.list
// @Param	verb	query		string	false	"Those that allow it"
// @Success	200		{object}	RightList
// @Router	/rights [get]
func listRights() {}

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

// Package ticket has an unnamed kind that is only read, called as operations are.
package ticket

import "time"

// Ticket is work that goes on.
type Ticket struct {
	// Id.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// How far it is.
	State string `json:"state" enums:"open,done" readonly:"true" extensions:"x-volatile,x-open-enum"`
	// A copy of what it is about.
	Subject any `json:"subject" swaggertype:"object" readonly:"true" extensions:"x-any"`
	// When it ended.
	EndedAt *time.Time `json:"ended_at" format:"date-time" readonly:"true" extensions:"x-volatile,x-nullable"`
} // @name Ticket

// TicketList is one page of tickets.
type TicketList struct {
	// The tickets.
	Items []Ticket `json:"items"`
	// Where the next page begins.
	NextPageToken *string `json:"next_page_token"`
} // @name TicketList

// @Summary	Get a ticket
// @ID		operations.get
// @Param	wait	query		string	false	"Answer when it has ended, or after this time"	format(duration)
// @Success	200		{object}	Ticket
// @Router	/operations/{id} [get]
func get() {}

// @Summary	List tickets
// @ID		operations.list
// @Param	state	query		string	false	"Those in this state"
// @Param	since	query		string	false	"Those that began then or later"	format(date-time)
// @Success	200		{object}	TicketList
// @Router	/operations [get]
func list() {}

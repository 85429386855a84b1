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
	// When it began.
	BeganAt time.Time `json:"began_at" format:"date-time" readonly:"true"`
	// When it ended.
	EndedAt *time.Time `json:"ended_at" format:"date-time" readonly:"true" extensions:"x-volatile,x-nullable"`
} // @name Ticket

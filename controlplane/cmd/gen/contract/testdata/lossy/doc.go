// Package lossy has what swag loses without an error.
//
//	@title		Lossy
//	@version	1.0
//	@BasePath	/api/v1
package lossy

// Loop contains itself: swag stops and says so in its log alone.
type Loop struct {
	// The next.
	Next *Loop `json:"next"`
} // @name Loop

// Hollow has nothing that can be seen.
type Hollow struct {
	hidden int
} // @name Hollow

// Free has fields of any type.
type Free struct {
	// A type without fields.
	Hollow Hollow `json:"hollow"`
	// A type with itself in it.
	Loop Loop `json:"loop"`
	// Anything.
	Anything any `json:"anything"`
	// Whatever is meant.
	Meant any `json:"meant" extensions:"x-any"`
} // @name Free

// Nameless has no name for clients.
type Nameless struct {
	// A number.
	Number int `json:"number"`
}

// Twin is called like Free.
type Twin struct {
	// A number.
	Number int `json:"number"`
} // @name Free

// @Summary	Get
// @ID		free.get
// @Success	200	{object}	Free
// @Failure	401	{object}	Nameless
// @Router	/free/{id} [get]
func get() {}

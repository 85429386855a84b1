// Package careless has what breaks the rules of the contract.
//
//	@title		Careless
//	@version	1.0
//	@BasePath	/api/v1
package careless

// Inner has a field without words, and some that cannot be kept.
type Inner struct {
	Bare *string `json:"bare"`
	// Sensitive, and goes in.
	Code *string `json:"code" maxLength:"9" extensions:"x-sensitive"`
	// Kept, and goes back to something.
	Torn string `json:"torn" default:"a" extensions:"x-kept=a"`
	// Kept, and could be nothing.
	Void *string `json:"void" extensions:"x-kept=a"`
	// Kept, and begins as nothing.
	Nothing bool `json:"nothing" extensions:"x-kept"`
	// Begins as what it cannot be.
	Beyond int64 `json:"beyond" minimum:"1" maximum:"3" extensions:"x-kept=4"`
	// Begins as what is none of its values.
	Stray string `json:"stray" enums:"a,b" extensions:"x-kept=c"`
	// Is kept as a whole.
	Whole map[string]string `json:"whole" extensions:"x-max-items=3,x-kept=a"`
} // @name Inner

// ThingSpec is what can be changed.
type ThingSpec struct {
	// Name.
	Name string `json:"name" validate:"required" format:"slug"`
	// A misspelt extension of ThingSpec.
	Typo *string `json:"typo" extensions:"x-volatil"`
	// Swag makes the text "false" of it.
	False *string `json:"false" extensions:"x-grow-only=false"`
	// Would be empty, not absent.
	NoPointer string `json:"no_pointer"`
	// Is always there.
	Pointer *string `json:"pointer" default:"x"`
	// A format that is none.
	Format *string `json:"format" format:"postcode"`
	// A kind that is none.
	Reference *string `json:"reference" format:"typeid" extensions:"x-ref=nothing"`
	// No format.
	Shapeless *string `json:"shapeless" extensions:"x-ref=thing"`
	// No list.
	Single *string `json:"single" extensions:"x-max-items=3"`
	// Not a number.
	Many []string `json:"many" extensions:"x-max-items=many"`
	// Required with a default.
	Both     string  `json:"both" validate:"required" default:"x"`
	Wordless *string `json:"wordless"`
	// Not in the others.
	Extra *string `json:"extra"`
	// Nested.
	Inner *Inner `json:"inner"`
} // @name ThingSpec

// ThingCreate lacks a field of ThingSpec.
type ThingCreate struct {
	// Name.
	Name string `json:"name" validate:"required" format:"slug"`
} // @name ThingCreate

// Thing is what is read.
type Thing struct {
	// Id.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// Name.
	Name string `json:"name"`
	// No pointer.
	Null string `json:"null" extensions:"x-nullable"`
} // @name Thing

// Visitor is no object of a kind.
type Visitor struct {
	// Nothing says where this is needed.
	Pay *int64 `json:"pay" extensions:"x-nullable,x-visible=things.get_pay"`
	// Sensitive, and for everybody.
	Alias *string `json:"alias" extensions:"x-nullable,x-sensitive"`
	// Needs a permission.
	Mood *string `json:"mood" extensions:"x-nullable,x-visible"`
} // @name Visitor

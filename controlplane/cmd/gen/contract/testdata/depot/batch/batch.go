// Package batch has an operation of no kind, which answers objects of any.
package batch

// BatchGet says what to read.
type BatchGet struct {
	// Ids of any kinds.
	IDs []string `json:"ids" validate:"required" format:"typeid" extensions:"x-max-items=500"`
} // @name BatchGet

// BatchItem is one object.
type BatchItem struct {
	// Its kind.
	Kind string `json:"kind"`
	// The object itself.
	Object any `json:"object" extensions:"x-any"`
} // @name BatchItem

// BatchResult has what was found.
type BatchResult struct {
	// What was found.
	Items []BatchItem `json:"items"`
	// Ids of what was not.
	Missing []string `json:"missing"`
} // @name BatchResult

// @Summary	Read many objects
// @ID		batch.get
// @Param	body	body		BatchGet	true	"What to read"
// @Success	200		{object}	BatchResult
// @Router	/batch-get [post]
func get() {}

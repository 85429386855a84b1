package fault

// The codes of problems and of wrong fields: what programs go by. A code that is sent stands here, and what stands here is sent; the specification
// and the contract's page list them from here.

// Code is what a problem can be, for programs.
type Code struct {
	Name  string
	Kind  Kind
	Words string // what it means, as a sentence without its full stop
}

// Codes are those of problems, in the order of their statuses.
var Codes = []Code{
	{"malformed", Malformed, "The request is no JSON, or cannot be read"},
	{"unknown_parameter", Malformed, "There is no such parameter"},
	{"invalid_parameter", Malformed, "A parameter or a header has a wrong value; its name is the pointer"},
	{"unauthenticated", Unauthenticated, "There is no valid token"},
	{"forbidden", Forbidden, "The caller may see it, and may not do this; with errors of code hidden where it is about fields"},
	{"exceeds_own_permissions", Forbidden, "Nobody gives more than they have themselves"},
	{"customer_suspended", Forbidden, "The customer is suspended"},
	{"not_found", NotFound, "There is no such object, or none that the caller may see"},
	{"method_not_allowed", MethodNotAllowed, "The method is not possible here"},
	{"not_acceptable", NotAcceptable, "There is no answer in a content type that Accept allows"},
	{"too_slow", TooSlow, "The body came too slowly"},
	{"name_taken", Conflict, "Another object beside it has that name"},
	{"already_exists", Conflict, "It is there already, as existing_id"},
	{"has_children", Conflict, "It contains what children names"},
	{"built_in", Conflict, "It belongs to the product, and cannot be changed"},
	{"last_owner", Conflict, "The platform would be left without an owner"},
	{"operation_in_progress", Conflict, "The operation operation_id is changing it: wait for that, and try again"},
	{"deletion_protected", Conflict, "Its deletion_protection stands in the way"},
	{"limit_reached", Conflict, "There is no room for more"},
	{"wrong_state", Conflict, "Its state, or that of what it belongs to, does not allow it"},
	{"revision_mismatch", PreconditionFailed, "The object is no longer as If-Match says"},
	{"too_large", TooLarge, "The body is too large"},
	{"unsupported_media_type", UnsupportedMedia, "The body is of a content type that is not taken here"},
	{"invalid", Invalid, "Fields are wrong: errors has all of them"},
	{"idempotency_key_reused", Invalid, "The Idempotency-Key stood for another request"},
	{"if_match_required", PreconditionRequired, "If-Match has to say what it is that is replaced"},
	{"rate_limited", RateLimited, "There are too many requests: Retry-After says when to try again"},
	{"internal", Internal, "Something went wrong in the server, whose log has it under the request's id"},
	{"unavailable", Unavailable, "Not now: Retry-After says when to try again"},
}

// FieldCodes are those of wrong fields, and what each means.
var FieldCodes = map[string]string{
	"required":             "It must be there",
	"null":                 "It must not be null",
	"unknown_field":        "There is no such field",
	"type":                 "It is of another type",
	"enum":                 "It is none of the values that there are",
	"minimum":              "It is too small",
	"maximum":              "It is too large",
	"min_length":           "It is too short",
	"max_length":           "It is too long",
	"max_items":            "It has too many entries",
	"pattern":              "It has not the form that is wanted",
	"format":               "It has the form, and is not what is wanted",
	"immutable":            "It cannot be changed",
	"read_only":            "The server sets it",
	"not_found":            "It refers to nothing that the caller can see",
	"wrong_kind":           "It refers to an object of another kind",
	"shrink":               "It can grow, not shrink",
	"conflict":             "It does not go with another field, or with what there is",
	"unsupported":          "It is not possible yet",
	"location_not_allowed": "The location is restricted",
	"hidden":               "Only some may see it, the caller not among them",
	"invalid":              "It is wrong in another way",
	"unknown_parameter":    "There is no such parameter",
	"invalid_parameter":    "The parameter or header has a wrong value",
}

package spec

import (
	"net/netip"
	"time"
)

// Format is a named form of a string. Its pattern is written into the specification and the catalog, so that every client refuses what the
// server would; Check is what no pattern can say.
type Format struct {
	// Pattern is anchored, and means the same to RE2 and to Python. Empty: Check alone decides.
	Pattern string
	// Words say what is wanted, after "must be".
	Words string
	// Check reports whether a value that fits the pattern is one; nil: every such value is.
	Check func(string) bool
}

// Parts of the patterns of ids: a TypeID is a prefix, an underscore and 26 digits of base 32.
const (
	IDSuffix  = "_[0-9a-hjkmnp-tv-z]{26}"
	anyPrefix = "[a-z](?:[a-z_]{0,61}[a-z])?"
)

// Formats are the formats that a field may name in its tag `format`.
var Formats = map[string]Format{
	"slug": {Pattern: `^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`,
		Words: "a slug: lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen, at most 63 characters"},
	"typeid":    {Pattern: "^" + anyPrefix + IDSuffix + "$", Words: "an id"},
	"principal": {Pattern: `^(user|group|service_account|platform_owner):.+$`, Words: "the kind and the id of a principal, such as user:ann or group:ops"},
	"email":     {Pattern: `^[^@\s]+@[^@\s]+\.[^@\s]+$`, Words: "an e-mail address"},
	"phone":     {Pattern: `^\+[1-9][0-9]{4,14}$`, Words: "a phone number in E.164 form, such as +3291234567"},
	"country":   {Pattern: `^[A-Z]{2}$`, Words: "an ISO 3166 country code of two capital letters, such as BE"},
	"currency":  {Pattern: `^[A-Z]{3}$`, Words: "an ISO 4217 currency code of three capital letters, such as EUR"},
	"language":  {Pattern: `^[a-z]{2}(-[A-Z]{2})?$`, Words: "a language such as en or nl-BE"},
	"time-zone": {Pattern: `^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`, Words: "an IANA time zone such as Europe/Brussels"},
	"uri":       {Pattern: `^https?://[^\s]+$`, Words: "an http or https URL"},
	"domain":    {Pattern: `^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`, Words: "a lower-case domain name"},
	"cidr": {Pattern: `^[0-9.]+/[0-9]{1,2}$`, Words: "an IPv4 network such as 10.0.0.0/24", Check: func(s string) bool {
		p, err := netip.ParsePrefix(s)
		return err == nil && p == p.Masked()
	}},
	"ipv4": {Pattern: `^[0-9]{1,3}(\.[0-9]{1,3}){3}$`, Words: "an IPv4 address", Check: func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is4()
	}},
	"mac":      {Pattern: `^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`, Words: "a MAC address in lower case, such as 52:54:00:12:34:56"},
	"decimal":  {Pattern: `^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?$`, Words: `a decimal number as text, such as "12.34"`},
	"duration": {Pattern: `^[0-9]{1,6}(ms|s|m)?$`, Words: "a duration such as 30s"},
	"date": {Words: "a date such as 2026-01-31", Check: func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	}},
	"date-time": {Words: "a time in RFC 3339 form, such as 2026-01-31T12:00:00Z", Check: func(s string) bool {
		_, err := time.Parse(time.RFC3339Nano, s)
		return err == nil
	}},
}

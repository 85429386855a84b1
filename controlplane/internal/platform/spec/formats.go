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
	// Canonical is the one spelling of all that mean the same as a value, which is one; nil: what is spelt otherwise means something else. It
	// decides whether a patch changes anything, and whether what stands in a set is there already.
	Canonical func(string) string
	// Alike says in words, after "the same are", what Canonical makes equal.
	Alike string
	// Kept: values are kept, and read, in that spelling. Others stay as they were first written.
	Kept bool
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
	"fqdn": {Pattern: `^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?$`,
		Words:     "a full domain name such as www.example.com, in ASCII, at most 253 characters",
		Check:     func(s string) bool { return len(canonicalFQDN(s)) <= 253 },
		Canonical: canonicalFQDN, Alike: "names in upper and lower case, with and without the dot at the end"},
	"cidr": {Pattern: `^[0-9A-Fa-f.:]{2,45}/[0-9]{1,3}$`, Words: "a network such as 10.0.0.0/24 or 2001:db8::/32, without host bits", Check: func(s string) bool {
		p, err := netip.ParsePrefix(s)
		return err == nil && p == p.Masked()
	}, Canonical: func(s string) string {
		if p, err := netip.ParsePrefix(s); err == nil {
			return p.String()
		}
		return s
	}, Alike: "spellings of one IPv6 network"},
	"ip": {Pattern: `^[0-9A-Fa-f.:]{2,45}$`, Words: "an IP address such as 10.0.0.1 or 2001:db8::1", Check: func(s string) bool {
		_, err := netip.ParseAddr(s)
		return err == nil
	}, Canonical: func(s string) string {
		if a, err := netip.ParseAddr(s); err == nil {
			return a.String()
		}
		return s
	}, Alike: "spellings of one IPv6 address"},
	"ipv4": {Pattern: `^[0-9]{1,3}(\.[0-9]{1,3}){3}$`, Words: "an IPv4 address", Check: func(s string) bool {
		a, err := netip.ParseAddr(s)
		return err == nil && a.Is4()
	}},
	"mac": {Pattern: `^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`, Words: "a MAC address in lower case, such as 52:54:00:12:34:56"},
	"decimal": {Pattern: `^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?$`, Words: `a decimal number as text, such as "12.34"`,
		Canonical: canonicalDecimal, Alike: "numbers of one value, with and without zeros at the end"},
	"duration": {Pattern: `^[0-9]{1,6}(ms|s|m)?$`, Words: "a duration such as 30s",
		Canonical: canonicalDuration, Alike: "durations of one length; a number alone is of seconds"},
	"cron": {Pattern: `^[0-9A-Za-z*,/-]+( +[0-9A-Za-z*,/-]+){4}$`, Words: "a schedule in the five fields of cron, such as 30 2 * * MON-FRI",
		Check: func(s string) bool { return canonicalCron(s) != "" }, Canonical: canonicalCron,
		Alike: "schedules of the same minutes: names and numbers, ranges, steps and lists"},
	"pem": {Words: "PEM: blocks that begin with -----BEGIN", Check: func(s string) bool { return canonicalPEM(s) != "" },
		Canonical: canonicalPEM, Alike: "the same blocks in the same order, whatever their line ends and the text between them"},
	"date": {Words: "a date such as 2026-01-31", Check: func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	}},
	"date-time": {Words: "a time in RFC 3339 form, such as 2026-01-31T12:00:00Z", Check: func(s string) bool {
		_, err := time.Parse(time.RFC3339Nano, s)
		return err == nil
	}, Canonical: canonicalTime, Alike: "one moment in any offset; kept in UTC, to the microsecond", Kept: true},
}

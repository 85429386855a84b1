package httpapi

// Content types: which of those that there are suits a caller, and how what is kept as a file is called.

import (
	"mime"
	"net/url"
	"strconv"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// negotiated is the content type of some that the Accept headers prefer, by their weights and then by the order of the types (RFC 9110, 12.5.1).
func negotiated(accept, types []string) (string, error) {
	if len(accept) == 0 {
		return types[0], nil
	}
	best, weight := "", 0.0
	for _, t := range types {
		if q := weightOf(strings.Join(accept, ","), t); q > weight {
			best, weight = t, q
		}
	}
	if best == "" {
		return "", &fault.Error{Kind: fault.NotAcceptable, Code: "not_acceptable", Detail: "there is " + strings.Join(types, ", ") + ", and Accept allows none of it"}
	}
	return best, nil
}

// weightOf is what an Accept header gives a content type: that of the range which says most about it.
func weightOf(accept, contentType string) float64 {
	family, _, _ := strings.Cut(contentType, "/")
	weight, closest := 0.0, 0
	for element := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(element)
		if err != nil {
			continue
		}
		close := 0
		switch media {
		case contentType:
			close = 3
		case family + "/*":
			close = 2
		case "*/*":
			close = 1
		}
		if close <= closest {
			continue
		}
		closest, weight = close, 1
		if q, err := strconv.ParseFloat(parameters["q"], 64); err == nil {
			weight = q
		}
	}
	return weight
}

// withCharset says of texts that they are UTF-8, as all of ours are.
func withCharset(contentType string) string {
	if strings.HasPrefix(contentType, "text/") {
		return contentType + "; charset=utf-8"
	}
	return contentType
}

// attachment is the Content-Disposition of a document of that name (RFC 6266): with the name itself, and with one in ASCII for those who cannot
// read that. A name comes from what people have written: it must lead to no other folder.
func attachment(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`/\`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	plain := strings.Map(func(r rune) rune {
		if r > '~' || r == '"' || r == '%' {
			return '_'
		}
		return r
	}, name)
	if plain == name {
		return `attachment; filename="` + plain + `"`
	}
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

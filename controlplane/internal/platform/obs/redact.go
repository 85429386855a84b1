package obs

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// sensitive are the words that make an attribute's name that of a secret, written without separators.
var sensitive = []string{"token", "authorization", "password", "passphrase", "secret", "userdata", "cookie", "privatekey", "apikey"}

// isSensitive goes by the name: bootstrap_token, X-Api-Token and userData are secrets; api_token_id and page_tokens_count only
// speak about one.
func isSensitive(name string) bool {
	n := strings.ToLower(name)
	for _, about := range []string{"_id", "_ids", "_count", "_file"} {
		if strings.HasSuffix(n, about) {
			return false
		}
	}
	n = strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(n)
	for _, w := range sensitive {
		if strings.Contains(n, w) {
			return true
		}
	}
	return false
}

// In texts, error messages of libraries above all, secrets have these shapes.
var (
	bearer   = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
	userinfo = regexp.MustCompile(`(://[^\s:/@]*:)[^\s@]+@`)
)

func redactText(s string) string {
	if strings.Contains(s, "://") {
		s = userinfo.ReplaceAllString(s, "${1}"+secret.Redacted+"@")
	}
	if bearer.MatchString(s) {
		s = bearer.ReplaceAllString(s, "$1 "+secret.Redacted)
	}
	return s
}

// replaceAttr is slog.HandlerOptions.ReplaceAttr: it is called with every attribute, those of groups one by one.
func replaceAttr(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		return slog.Time(a.Key, a.Value.Time().UTC())
	}
	if isSensitive(a.Key) {
		return slog.String(a.Key, secret.Redacted)
	}
	// The groups that it stands in count as well: slog.Group("password", "old", …). One of them may be named for a kind of thing
	// (api_token), whose id is worth having.
	for _, g := range groups {
		if isSensitive(g) && a.Key != "id" && !strings.HasSuffix(a.Key, "_id") {
			return slog.String(a.Key, secret.Redacted)
		}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		if s := a.Value.String(); s != "" {
			a.Value = slog.StringValue(redactText(s))
		}
	case slog.KindAny:
		a.Value = redactAny(a.Value)
	}
	return a
}

// redactAny goes through maps and structs by their JSON form, which is what the handler would write.
func redactAny(v slog.Value) slog.Value {
	switch x := v.Any().(type) {
	case nil, slog.Level, *slog.Source, time.Time:
		return v
	case error:
		return slog.StringValue(redactText(x.Error()))
	default:
		text, err := json.Marshal(x)
		if err != nil {
			// The handler would print it with fmt, past all names of fields.
			return slog.StringValue("!ERROR: " + err.Error())
		}
		var tree any
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&tree); err != nil {
			return slog.StringValue("!ERROR: " + err.Error())
		}
		return slog.AnyValue(redactTree(tree))
	}
}

func redactTree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if isSensitive(k) {
				v[k] = secret.Redacted
			} else {
				v[k] = redactTree(e)
			}
		}
	case []any:
		for i, e := range v {
			v[i] = redactTree(e)
		}
	case string:
		return redactText(v)
	}
	return v
}

package spec

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

func answers(t *testing.T) *Answers {
	t.Helper()
	raw, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := LoadAnswers(raw)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	a := answers(t)
	const right = `{"id":"a","state":"active","tags":{"a":["x"]},"shape":{"anything":1}}`
	const problem = `{"code":"not_found","status":404}`
	for name, c := range map[string]struct {
		op          string
		status      int
		media, body string
		header      string // beside the content type
		want        string // in the error; none if empty
	}{
		"what it says":                           {"things.get", 200, "application/json; charset=utf-8", right, "", ""},
		"a field too few":                        {"things.get", 200, "application/json", `{"id":"a","tags":{}}`, "", `"state" is missing`},
		"a field too many":                       {"things.get", 200, "application/json", strings.Replace(right, "{", `{"secret":1,`, 1), "", "/secret: there is no such field"},
		"a field of another type":                {"things.get", 200, "application/json", strings.Replace(right, `"a"`, "1", 1), "", "/id: value must be a string"},
		"a value that nobody knows":              {"things.get", 200, "application/json", strings.Replace(right, "active", "asleep", 1), "", `/state: "asleep" is none of the values`},
		"one at depth":                           {"things.get", 200, "application/json", strings.Replace(right, `"x"`, `"y"`, 1), "", `/tags/a/0: "y" is none of the values`},
		"not JSON":                               {"things.get", 200, "application/json", `{`, "", "unexpected end"},
		"another status":                         {"things.get", 201, "application/json", right, "", "answers 201, which it does not say"},
		"another content type":                   {"things.get", 200, "text/plain", right, "", "answers text/plain, which it does not say"},
		"a header":                               {"things.get", 200, "application/json", right, "Demarc-Catalog", ""},
		"a header that it does not say":          {"things.get", 200, "application/json", right, "Demarc-Mood", "answers the header Demarc-Mood"},
		"nothing":                                {"things.delete", 204, "", "", "", ""},
		"something in its place":                 {"things.delete", 204, "", right, "", "answers a body with 204"},
		"a document":                             {"things.get_label", 200, "image/png", "any bytes", "", ""},
		"a problem":                              {"things.get", 404, "application/problem+json", problem, "", ""},
		"a problem of an unknown code":           {"things.get", 404, "application/problem+json", strings.Replace(problem, "not_found", "gone", 1), "", `/code: "gone" is none of the values`},
		"a problem without an operation":         {"", 404, "application/problem+json", problem, "", ""},
		"one that is none, without an operation": {"", 404, "application/problem+json", "{}", "", `"code" is missing`},
		"an unknown operation":                   {"things.shake", 200, "application/json", right, "", "has no operation things.shake"},
	} {
		header := http.Header{"Content-Type": {c.media}}
		if c.header != "" {
			header.Set(c.header, "x")
		}
		err := a.Check(c.op, c.status, header, []byte(c.body))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		case err != nil && len(err.Error()) > 300:
			t.Errorf("%s: says too much: %v", name, err)
		}
	}
}

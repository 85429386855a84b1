package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"
)

func TestTagsThatAClientHas(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		`"3.ab"`: true, `W/"3.ab"`: true, `"3.ab-gzip"`: true, `*`: true, ` * `: true, `"2.cd", "3.ab"`: true, `"2.cd" ,W/"3.ab-gzip"`: true, `"a,b","3.ab"`: true, `,, "3.ab"`: true,
		``: false, `"3"`: false, `"3.a"`: false, `"3.ab`: false, `3.ab`: false, `"2.cd"`: false, `"2.cd" "3.ab"`: false, `"2.cd";"3.ab"`: false, `"*"`: false, `"2.cd", *`: false, `w/"3.ab"`: false, `W/`: false,
		`"3.ab-gzip-gzip"`: false, `"3.AB"`: false,
	} {
		for _, tag := range []string{"3.ab", "3.ab-gzip"} {
			if got := held([]string{header}, tag); (got != "") != want {
				t.Errorf("%s names %s: %s", header, tag, got)
			}
		}
	}
	if held(nil, "3.ab") != "" || held([]string{`"2.cd"`, `"3.ab"`}, "3.ab") != `"3.ab"` {
		t.Error("headers that stand several times")
	}
}

// What has no tag nobody has, whatever they say; what a client has in another coding it is told of by the tag that it knows.
func TestWhichTagAClientHas(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"*", `""`, `W/""`, `"-gzip"`, `"a", ""`} {
		if got := held([]string{header}, ""); got != "" {
			t.Errorf("%s names what has no tag: %s", header, got)
		}
	}
	for header, want := range map[string]string{
		"*": `"3.ab-gzip"`, `"3.ab"`: `"3.ab"`, `"3.ab-gzip"`: `"3.ab-gzip"`, `W/"3.ab"`: `W/"3.ab"`, `"2.cd", "3.ab", "3.ab-gzip"`: `"3.ab-gzip"`, `"3.ab", "2.cd"`: `"3.ab"`,
	} {
		if got := held([]string{header}, "3.ab-gzip"); got != want {
			t.Errorf("%s: %s, not %s", header, got, want)
		}
	}
}

func TestAPageThatCouldNotBeMadeIsNotKept(t *testing.T) {
	t.Parallel()
	asked := 0
	pages := swaggerPages(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			http.Error(w, "not yet", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html>"))
	}))
	if p, err := pages["index.html"](); err == nil {
		t.Errorf("the first time: %s", p.body)
	}
	for range 2 {
		if p, err := pages["index.html"](); err != nil || string(p.body) != "<html>" {
			t.Errorf("afterwards: %v", err)
		}
	}
	if asked != 2 {
		t.Errorf("made %d times", asked)
	}
	for name, p := range swaggerPages(swaggerHandler()) {
		if _, err := p(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoTakesGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"gzip": true, "GZIP": true, "x-gzip": true, "gzip, deflate, br": true, "br;q=1, gzip;q=0.1": true, "*": true, "gzip ; q=0.5": true, "gzip;Q=1.000": true, "identity;q=0.5, *;q=0.6": true,
		"identity;q=0": false, "": false, "br": false, "gzip;q=0": false, "gzip;q=0.000, *": false, "*;q=0": false, "identity, gzip;q=0.5": false, "gzip;q=two": false, "gzip;q=2": false, "gzip;q=NaN": false, "gzipped": false,
	} {
		if got := takesGzip([]string{header}); got != want {
			t.Errorf("%q: %t", header, got)
		}
	}
	if takesGzip(nil) || !takesGzip([]string{"br", "gzip"}) {
		t.Error("headers that stand several times")
	}
}

func TestRevisionsInTags(t *testing.T) {
	t.Parallel()
	body := []byte(`{"revision":3}`)
	for _, tag := range []string{"3", `"3"`, `W/"3"`, strconv.Quote(tagOf("3", body)), strconv.Quote(tagOf("3", body) + coded), `"003"`} {
		if got, err := matched([]string{tag}); err != nil || got == nil || *got != 3 {
			t.Errorf("%s: %v, %v", tag, got, err)
		}
	}
	if got, err := matched([]string{"*"}); got != nil || err != nil {
		t.Errorf("any: %v, %v", got, err)
	}
	// What is in doubt must not pass for any revision, nor for one of those that it names.
	for _, headers := range [][]string{
		nil, {""}, {`""`}, {`"*"`}, {`"three"`}, {strconv.Quote(tagOf("", body))}, {`"3`}, {`""3""`}, {`"+3"`}, {`"-3"`}, {`" 3"`}, {`W/"W/"3""`}, {`W/3`}, {`"9223372036854775808"`},
		{`"3", "4"`}, {`"3.a", "4.b"`}, {`"3.a","4.b"`}, {"*, *"}, {`*, "3"`}, {`"3", *`}, {","}, {`"3",`}, {"", `"3"`}, {"*", `"3"`}, {`"3"`, "*"}, {`"3"`, `"4"`}, {`"3"`, ""},
	} {
		if got, err := matched(headers); err == nil {
			t.Errorf("%q names the revision %v", headers, got)
		}
	}
	if tagOf("3", body) == tagOf("3", append(body, ' ')) {
		t.Error("what is not the same has the same tag")
	}
}

// shown is what comes of a page that is sent.
func shown(p *page, method string, status int, header http.Header) *httptest.ResponseRecorder {
	gin.SetMode(gin.ReleaseMode)
	r := httptest.NewRecorder()
	c, engine := gin.CreateTestContext(r)
	engine.HandleMethodNotAllowed = false
	c.Request = httptest.NewRequest(method, "/", nil)
	c.Request.Header = header
	show(c, status, p)
	c.Writer.Flush()
	return r
}

func TestPages(t *testing.T) {
	t.Parallel()
	long := []byte(strings.Repeat(`{"name":"a"}`, 200))
	zip, kept := http.Header{"Accept-Encoding": {"gzip"}}, http.Header{"Accept-Encoding": {"gzip"}, "If-None-Match": {strconv.Quote(tagOf("", long))}}
	for name, c := range map[string]struct {
		page         *page
		method       string
		status       int
		header       http.Header
		wants        int
		coding, keep string
	}{
		"long":                      {newPage(jsonType, long), "GET", 200, zip, 200, "gzip", "no-cache"},
		"long, as it is":            {newPage(jsonType, long), "GET", 200, http.Header{}, 200, "", "no-cache"},
		"short":                     {newPage(jsonType, long[:worthwhile-1]), "GET", 200, zip, 200, "", "no-cache"},
		"kept":                      {newPage(jsonType, long), "GET", 200, kept, 304, "", "no-cache"},
		"without a tag":             {answered(jsonType, long), "GET", 200, http.Header{"If-None-Match": {"*"}}, 200, "", ""},
		"a problem":                 {answered(problemType, long), "GET", 400, zip, 400, "gzip", ""},
		"written, and not only got": {&page{contentType: jsonType, body: long, tag: tagOf("3", long)}, "PATCH", 200, http.Header{"If-None-Match": {"*"}}, 200, "", ""},
		"of somebody's own":         {&page{contentType: jsonType, body: long, tag: "3.ab"}, "GET", 200, zip, 200, "", "no-cache, private"},
	} {
		r := shown(c.page, c.method, c.status, c.header)
		h, body := r.Header(), r.Body.Bytes()
		if r.Code != c.wants || h.Get("Content-Encoding") != c.coding || h.Get("Cache-Control") != c.keep || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %d %v", name, r.Code, h)
		}
		if c.wants == 304 && h.Get("ETag") != c.header.Get("If-None-Match") {
			t.Errorf("%s: the tag %s, which the client has not", name, h.Get("ETag"))
		}
		if c.wants == 200 && strings.HasSuffix(h.Get("ETag"), coded+`"`) != (c.page.tag != "" && c.header.Get("Accept-Encoding") != "" && len(c.page.body) >= worthwhile && c.page.zipped != nil) {
			t.Errorf("%s: the tag %s", name, h.Get("ETag"))
		}
		if c.wants == 304 {
			if len(body) > 0 || h.Get("Content-Type") != "" {
				t.Errorf("%s: %d bytes, %v", name, len(body), h)
			}
			continue
		}
		if c.coding == "gzip" {
			body = unzipped(t, r)
		}
		if string(body) != string(c.page.body) {
			t.Errorf("%s: %s", name, body)
		}
	}
}

func unzipped(t *testing.T, r *httptest.ResponseRecorder) []byte {
	t.Helper()
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if _, err := z.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return []byte(out.String())
}

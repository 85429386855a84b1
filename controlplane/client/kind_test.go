package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

type lamp struct {
	ID          string            `json:"id"`
	Colour      *string           `json:"colour"`
	Labels      map[string]string `json:"labels"`
	Revision    int64             `json:"revision"`
	OperationID *string           `json:"operation_id"`
}

type lampPatch struct {
	Colour Optional[string]          `json:"colour,omitzero"`
	Labels Optional[Entries[string]] `json:"labels,omitzero"`
}

type lampQuery struct {
	Colour   []string  `query:"colour"`
	Since    time.Time `query:"since"`
	Lit      *bool     `query:"lit"`
	PageSize int       `query:"page_size"`
}

type lampKind struct {
	NamedKind[lamp, map[string]any, lampPatch, lampQuery]
	Actions[lamp]
	Documents
	Uploads
	Streams
	Reveals
}

func lampsOf(c *Client) lampKind {
	k := &catalog.Kind{Name: "lamp", Plural: "lamps", Prefix: "lmp", Named: true, Operations: map[string]catalog.Operation{
		"get": {ID: "lamps.get", Method: "GET", Path: "/lamps/{id}"}, "list": {ID: "lamps.list", Method: "GET", Path: "/lamps"},
		"create": {ID: "lamps.create", Method: "POST", Path: "/lamps"}, "update": {ID: "lamps.update", Method: "PATCH", Path: "/lamps/{id}"},
		"delete": {ID: "lamps.delete", Method: "DELETE", Path: "/lamps/{id}", RequiresIfMatch: true},
	}, Reveals: []catalog.Reveal{{Name: "code", Operation: catalog.Operation{ID: "lamps.reveal_code", Method: "GET", Path: "/lamps/{id}/code"}}},
		Actions: []catalog.Action{{Name: "blink", Operation: catalog.Operation{ID: "lamps.blink", Method: "POST", Path: "/lamps/{id}/actions/blink"}}}}
	return Bind[lampKind](c, k)
}

// workshop is a server that answers as it is told, and remembers what it was asked.
type workshop struct {
	mu     sync.Mutex
	asked  []string // GET /lamps/lmp_1 If-Match={…} {"colour": "red"}
	answer map[string][]http.HandlerFunc
}

func (w *workshop) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), BasePath)
	key := line
	if m := r.Header.Get("If-Match"); m != "" {
		line += " " + m
	}
	w.mu.Lock()
	w.asked = append(w.asked, strings.TrimSpace(line+" "+string(body)))
	key, _, _ = strings.Cut(key, "?")
	answers := w.answer[key]
	if len(answers) > 1 {
		w.answer[key] = answers[1:]
	}
	w.mu.Unlock()
	if len(answers) == 0 {
		problem(http.StatusNotFound, `, "code": "not_found"`)(rw, r)
		return
	}
	answers[0](rw, r)
}

func (w *workshop) expect(t *testing.T, want ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(w.asked, "\n"), strings.Join(want, "\n"))
	}
}

func openWorkshop(t *testing.T, answer map[string][]http.HandlerFunc) (lampKind, *workshop) {
	t.Helper()
	w := &workshop{answer: answer}
	c, _ := serve(t, w.ServeHTTP)
	return lampsOf(c), w
}

func lampAt(status, revision int, more string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint(revision)))
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"id": "lmp_1", "revision": %d, "new_here": 1%s}`, revision, more)
	}
}

func TestOptional(t *testing.T) {
	t.Parallel()
	for want, patch := range map[string]lampPatch{
		`{}`:                         {},
		`{"colour":null}`:            {Colour: Null[string]()},
		`{"colour":""}`:              {Colour: Set("")},
		`{"labels":{}}`:              {Labels: Set(Entries[string](nil))},
		`{"labels":null}`:            {Labels: Null[Entries[string]]()},
		`{"labels":{"a":"1"}}`:       {Labels: Set(Entries[string]{"a": Set("1")})},
		`{"labels":{"a":null}}`:      {Labels: Set(Entries[string]{"a": Null[string]()})},
		`{"colour":"x","labels":{}}`: {Colour: SetOrNull(new("x")), Labels: Set(Entries[string]{})},
	} {
		b, err := json.Marshal(patch)
		if err != nil || string(b) != want {
			t.Errorf("%s: %v, want %s", b, err, want)
		}
		var back lampPatch
		if err := json.Unmarshal([]byte(want), &back); err != nil {
			t.Error(err)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != want {
			t.Errorf("there and back %s is %s: %v", want, again, err)
		}
	}
	if !SetOrNull[string](nil).IsNull() {
		t.Error("nothing is not null")
	}
	if v, ok := Set(3).Value(); v != 3 || !ok {
		t.Error("what is set is not there")
	}
	// It would remove what nobody named.
	if b, err := json.Marshal(Entries[string]{"a": {}}); err == nil {
		t.Errorf("an entry that is absent is %s", b)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600))
	for want, query := range map[string]any{
		"": lampQuery{}, "colour=red%2Cblue&page_size=3": lampQuery{Colour: []string{"red", "blue"}, PageSize: 3},
		"lit=false&since=2026-01-02T02%3A04%3A05.000006Z": lampQuery{Since: at, Lit: new(false)}, "a=b": url.Values{"a": {"b"}},
	} {
		if got, err := queryOf(query); err != nil || got.Encode() != want {
			t.Errorf("%s: %v, want %s", got.Encode(), err, want)
		}
	}
	if _, err := queryOf(struct {
		X float64 `query:"x"`
	}{1}); err == nil || !strings.Contains(err.Error(), "x: a float64") {
		t.Error(err)
	}
	if _, err := queryOf(3); err == nil {
		t.Error("a number is a query")
	}
}

func TestListOfAKind(t *testing.T) {
	t.Parallel()
	page := func(ids string, next string) http.HandlerFunc {
		return object(200, `{"items": [`+ids+`], "next_page_token": `+next+`}`)
	}
	t.Run("no page that nobody wants", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"GET /lamps": {page(`{"id": "lmp_1"}, {"id": "lmp_2"}`, `"x"`)}})
		for l, err := range lamps.List(t.Context(), lampQuery{PageSize: 2}) {
			if err != nil || l.ID == "lmp_2" {
				break
			}
		}
		w.expect(t, "GET /lamps?page_size=2")
	})
	t.Run("an error in the middle is told once", func(t *testing.T) {
		t.Parallel()
		lamps, _ := openWorkshop(t, map[string][]http.HandlerFunc{"GET /lamps": {page(`{"id": "lmp_1"}`, `"x"`), problem(403, `, "code": "forbidden"`)}})
		var got []string
		for l, err := range lamps.List(t.Context(), lampQuery{}) {
			if got = append(got, l.ID); err != nil {
				got = append(got, AsProblem(err).Code)
			}
		}
		if !slices.Equal(got, []string{"lmp_1", "", "forbidden"}) {
			t.Error(got)
		}
	})
	t.Run("what is no lamp", func(t *testing.T) {
		t.Parallel()
		lamps, _ := openWorkshop(t, map[string][]http.HandlerFunc{"GET /lamps": {page(`{"id": 1}, {"id": "lmp_2"}`, "null")}})
		var failed []error
		for _, err := range lamps.List(t.Context(), lampQuery{}) {
			failed = append(failed, err)
		}
		if len(failed) != 1 || failed[0] == nil || !strings.Contains(failed[0].Error(), "list of lamps") {
			t.Error(failed)
		}
	})
}

// What comes between is told, or does not matter.
func TestPatchOfAnotherRevision(t *testing.T) {
	t.Parallel()
	mismatch := problem(412, `, "code": "revision_mismatch"`)
	base := lamp{ID: "lmp_1", Revision: 1, Colour: new("red"), Labels: map[string]string{"a": "1", "b": "1"}}
	red := lampPatch{Colour: Set("blue"), Labels: Set(Entries[string]{"a": Null[string]()})}
	const body = ` {"colour":"blue","labels":{"a":null}}`
	for name, c := range map[string]struct {
		now  string
		opt  WriteOption
		want []string
		code string
	}{
		"elsewhere": {`, "colour": "red", "labels": {"a": "1", "b": "2", "c": "3"}`, IfUnchanged(base),
			[]string{`PATCH /lamps/lmp_1 "1"` + body, "GET /lamps/lmp_1", `PATCH /lamps/lmp_1 "2"` + body}, ""},
		"the same field": {`, "colour": "green", "labels": {"a": "1"}`, IfUnchanged(base), []string{`PATCH /lamps/lmp_1 "1"` + body, "GET /lamps/lmp_1"}, "revision_mismatch"},
		"the same entry": {`, "colour": "red", "labels": {"a": "2"}`, IfUnchanged(base), []string{`PATCH /lamps/lmp_1 "1"` + body, "GET /lamps/lmp_1"}, "revision_mismatch"},
		"whatever":       {"", IfMatch(base.Revision), []string{`PATCH /lamps/lmp_1 "1"` + body}, "revision_mismatch"},
		"an ETag":        {"", IfMatch(`"1.abc"`), []string{`PATCH /lamps/lmp_1 "1.abc"` + body}, "revision_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"PATCH /lamps/lmp_1": {mismatch, lampAt(200, 3, "")}, "GET /lamps/lmp_1": {lampAt(200, 2, c.now)}})
			l, err := lamps.Patch(t.Context(), "lmp_1", red, c.opt)
			if (err == nil) != (c.code == "") || c.code != "" && !IsCode(err, c.code) || err == nil && l.Revision != 3 {
				t.Errorf("%+v %v", l, err)
			}
			w.expect(t, c.want...)
		})
	}
	t.Run("for ever", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"PATCH /lamps/lmp_1": {mismatch}, "GET /lamps/lmp_1": {lampAt(200, 2, `, "colour": "red"`)}})
		if _, err := lamps.Patch(t.Context(), "lmp_1", lampPatch{Colour: Set("blue")}, IfUnchanged(base)); !IsCode(err, "revision_mismatch") || len(w.asked) != 2*revisionTries-1 {
			t.Errorf("%v after %d requests", err, len(w.asked))
		}
	})
	// Whoever writes beside others takes turns with them, rather than to lose each.
	t.Run("of many", func(t *testing.T) {
		t.Parallel()
		answer := map[string][]http.HandlerFunc{"PATCH /lamps/lmp_1": slices.Repeat([]http.HandlerFunc{mismatch}, 5), "GET /lamps/lmp_1": {lampAt(200, 2, `, "colour": "red"`)}}
		answer["PATCH /lamps/lmp_1"] = append(answer["PATCH /lamps/lmp_1"], lampAt(200, 3, ""))
		c, p := serve(t, (&workshop{answer: answer}).ServeHTTP)
		if l, err := lampsOf(c).Patch(t.Context(), "lmp_1", lampPatch{Colour: Set("blue")}, IfUnchanged(base)); err != nil || l.Revision != 3 || len(p.d) != 4 {
			t.Errorf("%+v %v after %d pauses", l, err, len(p.d))
		}
	})
	t.Run("of what is deleted", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"DELETE /lamps/lmp_1": {mismatch, lampAt(202, 2, "")}, "GET /lamps/lmp_1": {lampAt(200, 2, "")}})
		if err := lamps.Delete(t.Context(), "lmp_1", IfUnchanged(base)); !IsCode(err, "revision_mismatch") {
			t.Error(err)
		}
		w.expect(t, `DELETE /lamps/lmp_1 "1"`)
	})
	t.Run("of nothing", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, nil)
		if _, err := lamps.Patch(t.Context(), "lmp_1", lampPatch{}, IfUnchanged(map[string]any{})); err == nil || !strings.Contains(err.Error(), "no revision") {
			t.Error(err)
		}
		w.expect(t)
	})
}

func TestWaitForAWrite(t *testing.T) {
	t.Parallel()
	const busy = `, "operation_id": "op_1"`
	failed := operation("failed", `, "error": {"code": "host_on_fire", "detail": "It burns."}`)
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"POST /lamps": {lampAt(202, 1, busy)}, "GET /operations/op_1": {operation("running", ""), operation("succeeded", "")},
			"GET /lamps/lmp_1": {lampAt(200, 1, `, "colour": "red"`)}})
		var res Response
		l, err := lamps.Create(t.Context(), map[string]any{"colour": "red"}, Wait(), Answer(&res))
		if err != nil || l.Colour == nil || res.Status != http.StatusAccepted || res.OperationID() != "op_1" {
			t.Errorf("%+v %v %+v", l, err, res)
		}
		w.expect(t, `POST /lamps {"colour":"red"}`, "GET /operations/op_1?wait=30s", "GET /operations/op_1?wait=30s", "GET /lamps/lmp_1")
	})
	t.Run("one that fails", func(t *testing.T) {
		t.Parallel()
		lamps, _ := openWorkshop(t, map[string][]http.HandlerFunc{"POST /lamps": {lampAt(202, 1, busy)}, "GET /operations/op_1": {failed}})
		l, err := lamps.Create(t.Context(), nil, Wait())
		var of *OperationFailedError
		if !errors.As(err, &of) || of.Operation.Error.Code != "host_on_fire" || l.ID != "lmp_1" {
			t.Errorf("%+v %v", l, err)
		}
	})
	t.Run("later", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"POST /lamps/lmp_1/actions/blink": {lampAt(202, 1, busy)}, "GET /operations/op_1": {failed, operation("succeeded", "")},
			"GET /lamps/lmp_1": {lampAt(200, 2, "")}})
		l, err := lamps.Action(t.Context(), "lmp_1", "blink", nil)
		if err != nil || l.OperationID == nil {
			t.Fatalf("%+v %v", l, err)
		}
		var of *OperationFailedError
		if same, err := lamps.Wait(t.Context(), l); !errors.As(err, &of) || same.ID != l.ID {
			t.Error(err)
		}
		if l, err = lamps.Wait(t.Context(), l); err != nil || l.Revision != 2 {
			t.Errorf("%+v %v", l, err)
		}
		if l, err = lamps.Wait(t.Context(), l); err != nil || l.Revision != 2 {
			t.Errorf("%+v %v", l, err)
		}
		w.expect(t, "POST /lamps/lmp_1/actions/blink", "GET /operations/op_1?wait=30s", "GET /operations/op_1?wait=30s", "GET /lamps/lmp_1")
	})
	t.Run("delete", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"GET /lamps/lmp_1": {lampAt(200, 4, "")}, "DELETE /lamps/lmp_1": {lampAt(202, 4, busy)}, "GET /operations/op_1": {operation("succeeded", "")}})
		if err := lamps.Delete(t.Context(), "lmp_1", Wait()); err != nil {
			t.Error(err)
		}
		// It needs a revision, and nobody named one.
		w.expect(t, "GET /lamps/lmp_1", `DELETE /lamps/lmp_1 "4"`, "GET /operations/op_1?wait=30s")
	})
	t.Run("a dry run", func(t *testing.T) {
		t.Parallel()
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"PATCH /lamps/lmp_1": {lampAt(200, 4, busy)}})
		if _, err := lamps.Patch(t.Context(), "lmp_1", lampPatch{Colour: Null[string]()}, Wait(), DryRun()); err != nil {
			t.Error(err)
		}
		w.expect(t, `PATCH /lamps/lmp_1?dry_run=true {"colour":null}`)
	})
	t.Run("one that is busy", func(t *testing.T) {
		t.Parallel()
		conflict := problem(409, `, "code": "operation_in_progress", "operation_id": "op_1"`)
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"POST /lamps/lmp_1/actions/blink": {conflict, conflict, lampAt(200, 1, "")}, "GET /operations/op_1": {operation("succeeded", "")}})
		if _, err := lamps.Action(t.Context(), "lmp_1", "blink", nil, FailIfBusy()); !IsCode(err, "operation_in_progress") {
			t.Error(err)
		}
		if _, err := lamps.Action(t.Context(), "lmp_1", "blink", nil); err != nil {
			t.Error(err)
		}
		w.expect(t, "POST /lamps/lmp_1/actions/blink", "POST /lamps/lmp_1/actions/blink", "GET /operations/op_1?wait=30s", "POST /lamps/lmp_1/actions/blink")
	})
}

// A delete whose answer is lost has been done when it is sent again; one that finds nothing at once has done nothing.
func TestDeleteWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	gone := problem(http.StatusNotFound, `, "code": "not_found"`)
	lost := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		answers []http.HandlerFunc
		done    bool
	}{
		"lost":                {[]http.HandlerFunc{lost, gone}, true},
		"lost by a proxy":     {[]http.HandlerFunc{problem(http.StatusBadGateway, ""), gone}, true},
		"lost, and goes on":   {[]http.HandlerFunc{lost, problem(http.StatusConflict, `, "code": "operation_in_progress", "operation_id": "op_1"`), gone}, true},
		"there was none":      {[]http.HandlerFunc{gone}, false},
		"turned away, none":   {[]http.HandlerFunc{problem(http.StatusTooManyRequests, ""), gone}, false},
		"deleted by somebody": {[]http.HandlerFunc{problem(http.StatusConflict, `, "code": "operation_in_progress", "operation_id": "op_1"`), gone}, false},
		"a path that is none": {[]http.HandlerFunc{lost, problem(http.StatusNotFound, "")}, false},
	} {
		lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"GET /lamps/lmp_1": {lampAt(200, 3, "")}, "DELETE /lamps/lmp_1": c.answers,
			"GET /operations/op_1": {operation("succeeded", "")}})
		err := lamps.Delete(t.Context(), "lmp_1")
		if c.done && err != nil || !c.done && !IsNotFound(err) {
			t.Errorf("%s: %v (%s)", name, err, w.asked)
		}
	}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	lamps, w := openWorkshop(t, map[string][]http.HandlerFunc{"GET /lamps/lmp_1/code": {object(200, `{"code": "1234"}`)}})
	type secret struct {
		Code string `json:"code"`
	}
	if got, err := Revealed[secret](t.Context(), lamps.Reveals, "lmp_1", "code"); err != nil || got.Code != "1234" {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := lamps.Reveal(t.Context(), "lmp_1", "code"); err != nil || string(got) != `{"code": "1234"}` {
		t.Errorf("%s %v", got, err)
	}
	w.expect(t, "GET /lamps/lmp_1/code", "GET /lamps/lmp_1/code")
}

// What cannot be right is refused before anything is sent.
func TestNothingIsSent(t *testing.T) {
	t.Parallel()
	lamps, w := openWorkshop(t, nil)
	ctx := t.Context()
	lacks := Bind[Kind[lamp, map[string]any, lampPatch, lampQuery]](lamps.Getter.client, &catalog.Kind{Name: "lamp", Plural: "lamps"})
	var unbound lampKind
	for want, do := range map[string]func() error{
		"lamps.get: the id is empty":                 func() error { _, err := lamps.Get(ctx, ""); return err },
		"lamps.update: the id is empty":              func() error { _, err := lamps.Patch(ctx, "", lampPatch{}); return err },
		"lamps.delete: the id is empty":              func() error { return lamps.Delete(ctx, "") },
		`objects of kind lamp have no action "burn"`: func() error { _, err := lamps.Action(ctx, "lmp_1", "burn", nil); return err },
		`objects of kind lamp have no document "x"`:  func() error { _, err := lamps.Download(ctx, "lmp_1", "x"); return err },
		`objects of kind lamp have no upload "x"`:    func() error { _, err := lamps.Upload(ctx, "lmp_1", "x", "text/plain", nil, 0); return err },
		`objects of kind lamp reveal no "x"`:         func() error { _, err := lamps.Reveal(ctx, "lmp_1", "x"); return err },
		"lamps.reveal_code: the id is empty":         func() error { _, err := lamps.Reveal(ctx, "", "code"); return err },
		"objects of kind lamp cannot be created":     func() error { _, err := lacks.Create(ctx, nil); return err },
		"objects of kind lamp cannot be read":        func() error { _, err := lacks.Get(ctx, "lmp_1"); return err },
		"objects of kind lamp cannot be changed":     func() error { _, err := lacks.Patch(ctx, "lmp_1", lampPatch{}); return err },
		"lamps.update: the revision to match is empty": func() error {
			_, err := lamps.Patch(ctx, "lmp_1", lampPatch{Colour: Set("red")}, IfMatch((&Response{}).ETag()))
			return err
		},
		"lamps.delete: the revision to match is empty": func() error { return lamps.Delete(ctx, "lmp_1", IfMatch("")) },
		"an Optional that is neither set nor null": func() error {
			_, err := lamps.Patch(ctx, "lmp_1", lampPatch{Labels: Set(Entries[string]{"a": {}})})
			return err
		},
		"it is bound to no server":                 func() error { _, err := unbound.Get(ctx, "lmp_1"); return err },
		"the catalog has no such operation":        func() error { _, err := Call[lamp](ctx, lamps.Getter.client, nil, nil, nil); return err },
		`"lmp_" is not an id of kind lamp (lmp_…)`: func() error { _, err := lamps.Resolve(ctx, "lmp_"); return err },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	for _, err := range lacks.List(ctx, lampQuery{}) {
		if err == nil || !strings.Contains(err.Error(), "objects of kind lamp cannot be listed") {
			t.Error(err)
		}
	}
	for _, err := range lamps.Watch(ctx, "lmp_1", "x", "") {
		if err == nil || !strings.Contains(err.Error(), `no stream "x"`) {
			t.Error(err)
		}
	}
	w.expect(t)
}

// An operation of no kind: one answer, or page after page.
func TestCall(t *testing.T) {
	t.Parallel()
	type page struct {
		Items  []int `json:"items"`
		Hidden bool  `json:"hidden"`
	}
	w := &workshop{answer: map[string][]http.HandlerFunc{"GET /hours": {object(200, `{"items": [1, 2], "hidden": true, "next_page_token": "x"}`), object(200, `{"items": [3], "next_page_token": null}`)},
		"POST /batch-get": {problem(503, ""), object(200, `{"items": [4]}`)}}}
	c, _ := serve(t, w.ServeHTTP)
	var got []page
	for p, err := range CallPages[page](t.Context(), c, &catalog.GeneralOperation{Operation: catalog.Operation{Method: "GET", Path: "/hours"}}, url.Values{"a": {"b"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if len(got) != 2 || !got[0].Hidden || got[1].Items[0] != 3 {
		t.Errorf("%+v", got)
	}
	// It changes nothing, and may be sent again.
	p, err := Call[page](t.Context(), c, &catalog.GeneralOperation{Operation: catalog.Operation{Method: "POST", Path: "/batch-get"}}, nil, map[string]any{"ids": []string{"lmp_1"}})
	if err != nil || p.Items[0] != 4 {
		t.Errorf("%+v %v", p, err)
	}
	w.expect(t, "GET /hours?a=b&page_size=500", "GET /hours?a=b&page_size=500&page_token=x", `POST /batch-get {"ids":["lmp_1"]}`, `POST /batch-get {"ids":["lmp_1"]}`)
}

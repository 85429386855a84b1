package visibility_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

type rate struct {
	Price int  `json:"price"`
	Cost  *int `json:"cost" extensions:"x-unit=EUR,x-visible=offers.get_cost"`
}

type common struct {
	ID     string  `json:"id"`
	Reason *string `json:"state_reason"`
}

type offer struct {
	common
	Margin *int            `json:"margin" extensions:"x-visible=offers.get_margin,x-renamed-from=profit"`
	Rates  map[string]rate `json:"rates"`
	Log    []rate          `json:"log"`
	Best   *rate           `json:"best"`
	At     time.Time       `json:"at"`
	Kept   string          `json:"-"`
}

type page struct {
	Items []offer `json:"items"`
}

type record struct {
	TargetKind string           `json:"target_kind"`
	TargetID   string           `json:"target_id"`
	CustomerID *string          `json:"customer_id"`
	Old        *json.RawMessage `json:"old" copies:"target_kind"`
	Error      *failure         `json:"error"`
}

type failure struct {
	Detail string `json:"detail" quotes:"target"`
}

type plain struct {
	Name string `json:"name"`
}

func TestRulesOfAType(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range visibility.RulesOf(reflect.TypeFor[page]()) {
		got = append(got, r.Name()+" "+r.Permission)
	}
	want := []string{"items.*.margin offers.get_margin", "items.*.profit offers.get_margin", "items.*.rates.*.cost offers.get_cost", "items.*.log.*.cost offers.get_cost",
		"items.*.best.cost offers.get_cost"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := visibility.RulesOf(reflect.TypeFor[plain]()); got != nil {
		t.Errorf("of a type without: %v", got)
	}
}

// places is where objects stand; it counts how often it is asked.
type places struct {
	at    map[string]authz.Chain
	asked int
}

func (p *places) LocateAll(_ context.Context, ids []string) (map[string]authz.Chain, error) {
	p.asked++
	out := map[string]authz.Chain{}
	for _, id := range ids {
		if id == "broken" {
			return nil, errors.New("no database")
		}
		if at, ok := p.at[id]; ok {
			out[id] = at
		}
	}
	return out, nil
}

// reader has permissions in scopes.
func reader(in map[string][]string) *authz.Caller {
	var bindings []authz.Binding
	for scope, permissions := range in {
		b := authz.Binding{Scope: authz.Chain{ID: scope}, Permissions: map[string]bool{}}
		if strings.HasPrefix(scope, "cus_") {
			b.Scope.CustomerID, b.Scope.BillingEntityID = scope, "ben_1"
		}
		for _, p := range permissions {
			b.Permissions[p] = true
		}
		bindings = append(bindings, b)
	}
	return authz.NewCaller(authn.Principal{}, bindings, nil, map[string]string{"ben_1": ""}, nil, time.Now)
}

const one = `{"id":"off_1","state_reason":"cost 7 is too much","margin":7,"profit":7,"rates":{"a/b":{"price":1,"cost":7},"c":{"price":1,"cost":null}},"log":[{"price":1,"cost":7}],"best":null,"at":"2026-01-01T00:00:00Z"}`

func TestAnswers(t *testing.T) {
	t.Parallel()
	here, there := authz.Chain{ID: "off_1", CustomerID: "cus_1"}, authz.Chain{ID: "off_2", CustomerID: "cus_2"}
	blind := `{"at":"2026-01-01T00:00:00Z","best":null,"hidden_fields":["/log/0/cost","/margin","/profit","/rates/a~1b/cost","/rates/c/cost"],"id":"off_1","log":[{"price":1}],` +
		`"rates":{"a/b":{"price":1},"c":{"price":1}},"state_reason":"` + visibility.Withheld + `"}`
	margin := `{"at":"2026-01-01T00:00:00Z","best":null,"hidden_fields":["/log/0/cost","/rates/a~1b/cost","/rates/c/cost"],"id":"off_1","log":[{"price":1}],` +
		`"margin":7,"profit":7,"rates":{"a/b":{"price":1},"c":{"price":1}},"state_reason":"` + visibility.Withheld + `"}`
	whole := `{"at":"2026-01-01T00:00:00Z","best":null,"hidden_fields":[],"id":"off_1","log":[{"cost":7,"price":1}],` +
		`"margin":7,"profit":7,"rates":{"a/b":{"cost":7,"price":1},"c":{"cost":null,"price":1}},"state_reason":"cost 7 is too much"}`
	second := func(s string) string { return strings.ReplaceAll(s, "off_1", "off_2") }
	third := func(s string) string { return strings.ReplaceAll(s, "off_1", "off_3") }
	all := []string{"offers.get_margin", "offers.get_cost"}
	recordOf := func(kind, id, doc, detail string) string {
		return fmt.Sprintf(`{"customer_id":"cus_1","error":{"detail":%q},"old":%s,"target_id":%q,"target_kind":%q}`, detail, doc, id, kind)
	}
	for name, c := range map[string]struct {
		caller *authz.Caller
		typ    reflect.Type
		body   string
		want   string
		asked  int
	}{
		"nobody's right":       {reader(nil), reflect.TypeFor[offer](), one, blind, 0},
		"the platform's right": {reader(map[string][]string{authz.Platform: all}), reflect.TypeFor[offer](), one, whole, 0},
		"the control plane":    {nil, reflect.TypeFor[offer](), one, whole, 0},
		"here":                 {reader(map[string][]string{"cus_1": all}), reflect.TypeFor[offer](), one, whole, 1},
		"one of two rights":    {reader(map[string][]string{"cus_1": {"offers.get_margin"}}), reflect.TypeFor[offer](), one, margin, 1},
		"on the object itself": {reader(map[string][]string{"off_1": all}), reflect.TypeFor[offer](), one, whole, 1},
		"elsewhere":            {reader(map[string][]string{"cus_2": all}), reflect.TypeFor[offer](), one, blind, 1},
		"a page of here and there, and of what is gone": {reader(map[string][]string{"cus_1": all}), reflect.TypeFor[page](),
			`{"items":[` + one + `,` + second(one) + `,` + third(one) + `]}`, `{"items":[` + whole + `,` + second(blind) + `,` + third(blind) + `]}`, 1},
		"a copy of what is there": {reader(map[string][]string{"cus_1": all}), reflect.TypeFor[record](), recordOf("offer", "off_1", one, "cost 7"),
			recordOf("offer", "off_1", whole, "cost 7"), 1},
		"a copy of what is gone": {reader(map[string][]string{"cus_1": all}), reflect.TypeFor[record](), recordOf("offer", "off_3", third(one), "cost 7"),
			recordOf("offer", "off_3", third(whole), "cost 7"), 1},
		"a copy by who may not": {reader(map[string][]string{"cus_2": all}), reflect.TypeFor[record](), recordOf("offer", "off_3", third(one), "cost 7"),
			recordOf("offer", "off_3", third(blind), visibility.Withheld), 1},
		"a copy of another kind": {reader(nil), reflect.TypeFor[record](), recordOf("disk", "dsk_1", `{"margin":7}`, "cost 7"),
			recordOf("disk", "dsk_1", `{"margin":7}`, "cost 7"), 0},
		"no copy":                {reader(nil), reflect.TypeFor[record](), `{"old":null,"target_kind":"offer","error":null}`, `{"old":null,"target_kind":"offer","error":null}`, 0},
		"what has nothing of it": {reader(nil), reflect.TypeFor[plain](), `{"margin":7}`, `{"margin":7}`, 0},
		"nothing":                {reader(nil), reflect.TypeFor[offer](), ``, ``, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &places{at: map[string]authz.Chain{"off_1": here, "off_2": there}}
			r := visibility.New(p, []visibility.Kind{{Name: "offer", ID: "id", Reads: reflect.TypeFor[offer](), Works: true}})
			ctx := authz.System(t.Context())
			if c.caller != nil {
				ctx = authz.WithCaller(t.Context(), c.caller, authz.Access{})
			}
			got, err := r.Answer(ctx, c.typ, []byte(c.body))
			if err != nil || string(got) != c.want {
				t.Errorf("%v\n\tgot  %s\n\twant %s", err, got, c.want)
			}
			if p.asked != c.asked {
				t.Errorf("where objects stand was asked %d times, want %d", p.asked, c.asked)
			}
		})
	}
}

// What becomes known otherwise than by an answer is rendered for whom it is for.
func TestAnObjectForSomebody(t *testing.T) {
	t.Parallel()
	r := visibility.New(&places{}, []visibility.Kind{{Name: "offer", ID: "id", Reads: reflect.TypeFor[offer]()}})
	stood := authz.Chain{ID: "off_1", CustomerID: "cus_1"}
	for who, caller := range map[string]*authz.Caller{
		"":  reader(map[string][]string{"cus_1": {"offers.get_margin", "offers.get_cost"}}),
		"7": reader(map[string][]string{"cus_2": {"offers.get_margin", "offers.get_cost"}}),
	} {
		got, err := r.Object(t.Context(), caller, "offer", stood, []byte(`{"id":"off_1","margin":7}`))
		if err != nil || strings.Contains(string(got), "7") != (who == "") {
			t.Errorf("%s, %v", got, err)
		}
	}
	if got, err := r.Object(t.Context(), reader(nil), "disk", stood, []byte(`{"margin":7}`)); err != nil || string(got) != `{"margin":7}` {
		t.Errorf("of another kind: %s, %v", got, err)
	}
	if _, err := r.Object(t.Context(), reader(map[string][]string{"cus_1": {"offers.get_margin"}}), "offer", stood, []byte(`{"id":"broken","margin":7}`)); err == nil {
		t.Error("without knowing where it stands it is shown")
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for _, t2 := range []reflect.Type{nil, reflect.TypeFor[any](), reflect.TypeFor[map[string]any](), reflect.TypeFor[[]json.RawMessage](), reflect.TypeFor[struct{ X *any }]()} {
		if visibility.Known(t2) {
			t.Errorf("%v is known", t2)
		}
	}
	for _, t2 := range []reflect.Type{reflect.TypeFor[offer](), reflect.TypeFor[page](), reflect.TypeFor[record](), reflect.TypeFor[map[string]string]()} {
		if !visibility.Known(t2) {
			t.Errorf("%v is not known", t2)
		}
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	rules := visibility.RulesOf(reflect.TypeFor[offer]())
	here := authz.Chain{ID: "off_1", CustomerID: "cus_1"}
	unseen := visibility.Unseen(rules, reader(map[string][]string{"cus_1": {"offers.get_margin"}}), here)
	for body, want := range map[string]string{
		`{}`:                                   "",
		`{"margin":1}`:                         "",
		`{"profit":1}`:                         "", // is a field no more
		`{"best":null}`:                        "",
		`{"rates":{"a":null,"b":{"price":1}}}`: "",
		`{"rates":{"a":{"cost":null},"b":{"cost":1}},"best":{"cost":{}}}`:       "/best/cost /rates/a/cost /rates/b/cost",
		`{"rates":[{"cost":1}],"log":[{"cost":1},{"price":1},5],"best":"cost"}`: "/log/0/cost /rates/0/cost",
	} {
		var doc any
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatal(err)
		}
		var pointers []string
		err := visibility.Named(unseen, doc)
		if f := fault.As(err); f != nil {
			for _, field := range f.Fields {
				pointers = append(pointers, field.Pointer)
				if field.Code != visibility.Code || !strings.Contains(field.Detail, "offers.get_cost") {
					t.Errorf("%s: %+v", body, field)
				}
			}
			if f.Kind != fault.Forbidden {
				t.Errorf("%s: %v", body, err)
			}
		}
		if got := strings.Join(pointers, " "); got != want || (err == nil) != (want == "") {
			t.Errorf("%s: refused at %q, want %q", body, got, want)
		}
	}
	if got := visibility.Unseen(rules, nil, here); got != nil {
		t.Errorf("the control plane itself does not see %v", got)
	}
}

// What is wrong with a field that the caller has not sent, and may not see, is told in no detail.
func TestErrorsAreCensored(t *testing.T) {
	t.Parallel()
	unseen := visibility.Unseen(visibility.RulesOf(reflect.TypeFor[offer]()), reader(nil), authz.Chain{})
	price := fault.Field{Pointer: "/rates/a/price", Code: "maximum", Detail: "must be at most 9"}
	cost := fault.Field{Pointer: "/rates/a~1b/cost", Code: "maximum", Detail: "must be at most 6, not 7"}
	inside := fault.Field{Pointer: "/margin/0", Code: "invalid", Detail: "7"}
	for name, c := range map[string]struct{ is, want error }{
		"what may be seen":   {fault.InvalidFields(price), fault.InvalidFields(price)},
		"some of it":         {fault.InvalidFields(price, cost, inside), fault.InvalidFields(price)},
		"nothing but that":   {fault.InvalidFields(cost), fault.Invalidf("", "conflict", "it does not go with what only some may see of it")},
		"another refusal":    {fault.Conflictf("wrong_state", "no"), fault.Conflictf("wrong_state", "no")},
		"what is no refusal": {errors.ErrUnsupported, errors.ErrUnsupported},
		"no error":           {nil, nil},
	} {
		if got := visibility.Censored(unseen, c.is); !alike(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
		if got := visibility.Censored(nil, c.is); !alike(got, c.is) {
			t.Errorf("%s, to who may see all: got %+v", name, got)
		}
	}
}

func TestSelecting(t *testing.T) {
	t.Parallel()
	rules := visibility.RulesOf(reflect.TypeFor[offer]())
	by := func(field string) string {
		if field == "margin" {
			return "order_by"
		}
		return ""
	}
	both := []string{"offers.list", "offers.get_margin"}
	for name, c := range map[string]struct {
		caller *authz.Caller
		shared bool
		ok     bool
	}{
		"everywhere":                       {reader(map[string][]string{authz.Platform: both}), false, true},
		"everywhere, with offers":          {reader(map[string][]string{authz.Platform: both}), true, true},
		"all that it lists":                {reader(map[string][]string{"cus_1": both}), false, true},
		"all but what is offered":          {reader(map[string][]string{"cus_1": both}), true, false},
		"a part of what it lists":          {reader(map[string][]string{"cus_1": both, "cus_2": both[:1]}), false, false},
		"one place of a list of all":       {reader(map[string][]string{"cus_1": both, authz.Platform: both[:1]}), false, false},
		"more than it lists":               {reader(map[string][]string{"cus_1": both[:1], authz.Platform: both[1:]}), false, true},
		"what is in a place, by the place": {reader(map[string][]string{"loc_1": both}), false, true},
		"nothing":                          {reader(map[string][]string{"cus_1": both[:1]}), false, false},
	} {
		err := visibility.Selected(rules, c.caller, "offers.list", c.shared, by)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if f := fault.As(err); err != nil && (f.Kind != fault.Forbidden || f.Fields[0].Pointer != "order_by") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if err := visibility.Selected(rules, reader(nil), "offers.list", false, func(string) string { return "" }); err != nil {
		t.Errorf("by nothing that is hidden: %v", err)
	}
}

// alike compares errors by all that they say.
func alike(a, b error) bool {
	return fmt.Sprintf("%+v", fault.As(a)) == fmt.Sprintf("%+v", fault.As(b)) && (a == nil) == (b == nil)
}

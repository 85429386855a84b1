package auditrecord_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/auditrecord"
	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type bench struct {
	*auditrecord.Service
	t     *testing.T
	log   *audit.Log
	clock *clock.Fake
	all   context.Context // of a caller who sees everything
}

func newBench(t *testing.T) *bench {
	t.Helper()
	d, clk := dbtest.New(t), clock.Frozen(noon)
	keys, err := vault.Open(t.Context(), d, vault.Options{KeyFile: filepath.Join(t.TempDir(), "encryption-key"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(t.Context(), audit.Options{DB: d, Vault: keys, Clock: clk, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{auditrecord.New(module.Deps{DB: d, Registry: resource.NewRegistry()}), t, log, clk, authz.System(t.Context())}
}

// write writes a record, a second after the one before, and returns its id.
func (b *bench) write(r audit.Record) string {
	b.t.Helper()
	b.clock.Advance(time.Second)
	if err := b.log.Attempt(b.all, r); err != nil {
		b.t.Fatal(err)
	}
	page, err := b.List(b.all, resource.ListQuery{PageSize: 1})
	if err != nil {
		b.t.Fatal(err)
	}
	return page.Items[0].ID
}

// ids are those of all pages.
func (b *bench) ids(ctx context.Context, q resource.ListQuery) (out []string) {
	b.t.Helper()
	for {
		page, err := b.List(ctx, q)
		if err != nil {
			b.t.Fatal(err)
		}
		if q.PageSize > 0 && len(page.Items) > q.PageSize {
			b.t.Errorf("a page of %d has %d", q.PageSize, len(page.Items))
		}
		for _, r := range page.Items {
			out = append(out, r.ID)
		}
		if page.NextPageToken == nil {
			return out
		}
		q.PageToken = *page.NextPageToken
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bare := b.write(audit.Record{PrincipalKind: "anonymous", OpID: "things.create", TargetKind: "thing", Outcome: audit.Denied, RequestID: "req_1"})
	full := b.write(audit.Record{
		PrincipalID: "usr_1", PrincipalKind: "user", TokenID: "tok_1", BindingID: "rb_1", OpID: "things.update", TargetKind: "thing", TargetID: "thing_1",
		BillingEntityID: "be_1", CustomerID: "cus_1", Outcome: audit.Failed, Code: "invalid", RequestID: "req_2", RemoteAddr: "192.0.2.1", UserAgent: "curl",
		Old: json.RawMessage(`{"b":1,"a":{}}`), New: json.RawMessage(`{"b":2,"a":{}}`),
	})
	for want, recordID := range map[string]string{
		`{"id":"` + bare + `","at":"2026-03-01T12:00:01Z","principal_id":null,"principal_kind":"anonymous","token_id":null,"binding_id":null,` +
			`"operation":"things.create","target_kind":"thing","target_id":null,"billing_entity_id":null,"customer_id":null,"outcome":"denied","code":null,` +
			`"request_id":"req_1","remote_addr":null,"user_agent":null,"old":null,"new":null,"sequence":null}`: bare,
		`{"id":"` + full + `","at":"2026-03-01T12:00:02Z","principal_id":"usr_1","principal_kind":"user","token_id":"tok_1","binding_id":"rb_1",` +
			`"operation":"things.update","target_kind":"thing","target_id":"thing_1","billing_entity_id":"be_1","customer_id":"cus_1","outcome":"failed",` +
			`"code":"invalid","request_id":"req_2","remote_addr":"192.0.2.1","user_agent":"curl","old":{"b":1,"a":{}},"new":{"b":2,"a":{}},"sequence":null}`: full,
	} {
		r, err := b.Get(b.all, recordID)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(r); err != nil || string(got) != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
	if err := b.log.Seal(b.all); err != nil {
		t.Fatal(err)
	}
	if r, err := b.Get(b.all, full); err != nil || r.Sequence == nil || *r.Sequence != 2 {
		t.Errorf("sealed: %+v, %v", r, err)
	}
	if _, err := b.Get(b.all, id.New(audit.Prefix)); !fault.IsCode(err, "not_found") {
		t.Errorf("no record: %v", err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var all []string
	for n := range 5 {
		r := audit.Record{PrincipalID: "usr_1", PrincipalKind: "user", OpID: "things.update", TargetKind: "thing", TargetID: "thing_1", Outcome: audit.Succeeded,
			BillingEntityID: "be_1", CustomerID: "cus_1", RequestID: fmt.Sprintf("req_%d", n)}
		if n == 3 {
			r = audit.Record{PrincipalID: "sa_1", PrincipalKind: "service_account", OpID: "things.create", TargetKind: "thing", TargetID: "thing_2",
				Outcome: audit.Denied, BillingEntityID: "be_2", CustomerID: "cus_2", RequestID: "req_other"}
		}
		all = append([]string{b.write(r)}, all...)
	}
	for _, size := range []int{0, 1, 2, 5} {
		if got := b.ids(b.all, resource.ListQuery{PageSize: size}); !slices.Equal(got, all) {
			t.Errorf("page size %d: got %v, want %v", size, got, all)
		}
	}
	other := all[1]
	for name, value := range map[string]string{
		"target_id": "thing_2", "principal_id": "sa_1", "operation": "things.create", "outcome": audit.Denied, "customer_id": "cus_2",
		"billing_entity_id": "be_2", "request_id": "req_other",
	} {
		if got := b.ids(b.all, resource.ListQuery{PageSize: 2, Filters: map[string]string{name: value}}); !slices.Equal(got, []string{other}) {
			t.Errorf("%s=%s: got %v", name, value, got)
		}
	}
	for _, v := range []struct {
		since, until string
		want         []string
	}{
		{"2026-03-01T12:00:02Z", "2026-03-01T12:00:04Z", all[2:4]},
		{"2026-03-01T13:00:04+01:00", "2027-01-01T00:00:00Z", all[:2]},
		{"2026-03-01T12:00:02.000001Z", "2026-03-01T12:00:03.000001Z", all[2:3]},
	} {
		if got := b.ids(b.all, resource.ListQuery{Filters: map[string]string{"at_from": v.since, "at_until": v.until}}); !slices.Equal(got, v.want) {
			t.Errorf("from %s until %s: got %v, want %v", v.since, v.until, got, v.want)
		}
	}
	for _, name := range []string{"at_from", "at_until"} {
		if _, err := b.List(b.all, resource.ListQuery{Filters: map[string]string{name: "yesterday"}}); !fault.IsCode(err, "invalid_parameter") {
			t.Errorf("%s=yesterday: %v", name, err)
		}
	}
	page, err := b.List(b.all, resource.ListQuery{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	q := resource.ListQuery{PageSize: 2, PageToken: *page.NextPageToken, Filters: map[string]string{"outcome": audit.Denied}}
	if _, err := b.List(b.all, q); !fault.IsCode(err, "invalid_parameter") {
		t.Errorf("a token of another list: %v", err)
	}
}

// A caller sees what was tried within the scopes in which it may read the trail, and on the single objects of which it may.
func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := func(target, customer, entity string) string {
		return b.write(audit.Record{PrincipalKind: "user", OpID: "things.update", TargetKind: "thing", TargetID: target, CustomerID: customer,
			BillingEntityID: entity, Outcome: audit.Succeeded})
	}
	platform := at("", "", "")
	entity := at("be_1", "", "be_1")
	mine, sibling, foreign := at("thing_1", "cus_1", "be_1"), at("thing_2", "cus_2", "be_1"), at("thing_3", "cus_3", "be_2")
	all := []string{platform, entity, mine, sibling, foreign}
	for name, v := range map[string]struct {
		access authz.Access
		want   []string
	}{
		"everything":      {authz.Access{All: true}, all},
		"nothing":         {authz.Access{}, nil},
		"a reseller":      {authz.Access{BillingEntities: []string{"be_1"}}, []string{entity, mine, sibling}},
		"a customer":      {authz.Access{Customers: []string{"cus_1"}}, []string{mine}},
		"an object":       {authz.Access{Objects: []string{"thing_2"}}, []string{sibling}},
		"a record itself": {authz.Access{Objects: []string{foreign}}, []string{foreign}},
		"several":         {authz.Access{Customers: []string{"cus_1", "cus_3"}, Objects: []string{"thing_1"}}, []string{mine, foreign}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := authz.With(t.Context(), v.access)
			got := b.ids(ctx, resource.ListQuery{PageSize: 2})
			slices.Reverse(got)
			if !slices.Equal(got, v.want) {
				t.Errorf("lists %v, want %v", got, v.want)
			}
			for _, recordID := range all {
				_, err := b.Get(ctx, recordID)
				if seen := slices.Contains(v.want, recordID); seen != (err == nil) || !seen && !fault.IsCode(err, "not_found") {
					t.Errorf("get %s: %v", recordID, err)
				}
			}
		})
	}
	if _, err := b.List(t.Context(), resource.ListQuery{}); err == nil {
		t.Error("lists without an access")
	}
	if _, err := b.Get(t.Context(), mine); err == nil || fault.IsCode(err, "not_found") {
		t.Errorf("gets without an access: %v", err)
	}
}

package httpapi_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

func TestPermissionsAreWhatTheirOperationsDo(t *testing.T) {
	t.Parallel()
	got := httpapi.Permissions([]httpapi.Op{
		{Permission: "things.get"}, {Permission: "things.list"}, {Permission: "things.update", Mutates: true},
		{Permission: "things.print"}, {Permission: "things.print", Mutates: true}, // as strong as the strongest of its operations
		{Permission: "bills.settle", Mutates: true, WhileSuspended: true}, {},
	})
	of := func(set map[string]bool) (out []string) {
		for _, p := range slices.Sorted(maps.Keys(set)) {
			if set[p] {
				out = append(out, p)
			}
		}
		return out
	}
	if reads := of(got.Reads); !slices.Equal(reads, []string{"things.get", "things.list"}) {
		t.Errorf("reads are %v", reads)
	}
	if kept := of(got.WhileSuspended); !slices.Equal(kept, []string{"bills.settle"}) {
		t.Errorf("kept are %v", kept)
	}
}

type fee struct {
	Amount int `json:"amount" extensions:"x-visible=bills.get_fee"`
}

type bill struct {
	Fee   fee            `json:"fee"`
	Fees  map[string]fee `json:"fees"`
	Grade string         `json:"grade" extensions:"x-visible=bills.judge"`
}

// Fields have permissions, too. They are to read.
func TestPermissionsOfFields(t *testing.T) {
	t.Parallel()
	ops := []httpapi.Op{
		{Kind: "bill", Verb: httpapi.Get, Permission: "bills.get", Handle: httpapi.Handle(func(context.Context, httpapi.GetInput) (bill, error) { return bill{}, nil })},
		{Kind: "bill", Verb: "settle", Permission: "bills.settle", Mutates: true,
			Handle: httpapi.Handle(func(context.Context, httpapi.ActionBodyInput[fee]) (bill, error) { return bill{}, nil })},
	}
	want := []httpapi.FieldPermission{
		{ID: "bills.get_fee", Kind: "bill", Fields: []string{"amount", "fee.amount", "fees.*.amount"}}, {ID: "bills.judge", Kind: "bill", Fields: []string{"grade"}},
	}
	if got := httpapi.FieldPermissions(ops); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if reads := httpapi.Permissions(ops).Reads; !reads["bills.get_fee"] || !reads["bills.judge"] || reads["bills.settle"] {
		t.Errorf("reads are %v", reads)
	}
}

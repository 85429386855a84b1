package service_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Tagged has a field that follows another.
type Tagged struct {
	Tag string `json:"tag" extensions:"x-follows=name"`
}

// Circling has two that follow each other.
type Circling struct {
	Tag  string `json:"tag" extensions:"x-follows=mark"`
	Mark string `json:"mark" extensions:"x-follows=tag"`
}

type taggedKey struct {
	KeyCreate
	Tagged
}

type taggedRow struct {
	resource.Base
	KeyCreate
	Tagged
}

type circlingRow struct {
	resource.Base
	KeyCreate
	Circling
}

// What follows something is computed by one function, of the row that keeps it; a server in which it is not so does not start.
func TestUnsoundFollowers(t *testing.T) {
	t.Parallel()
	nothing := func(*taggedRow) {}
	deps := func() module.Deps { return module.Deps{Registry: resource.NewRegistry()} }
	build := func(follows map[string]func(*taggedRow)) func() {
		return func() {
			service.NewStored(deps(), keyKind, service.Rules[taggedRow, KeyCreate, resource.Named, taggedKey]{Follows: follows})
		}
	}
	for want, build := range map[string]func(){
		"": build(map[string]func(*taggedRow){"tag": nothing}),
		"tag follows name, and nothing computes it":             build(nil),
		"name is computed, and is no field that follows others": build(map[string]func(*taggedRow){"tag": nothing, "name": nothing}),
		"the row has no column tag": func() {
			service.NewStored(deps(), keyKind, service.Rules[keyRow, KeyCreate, resource.Named, taggedKey]{Follows: map[string]func(*keyRow){"tag": func(*keyRow) {}}})
		},
		"mark, tag follow each other in a circle": func() {
			service.NewStored(deps(), keyKind, service.Rules[circlingRow, KeyCreate, resource.Named, circlingRow]{
				Follows: map[string]func(*circlingRow){"tag": func(*circlingRow) {}, "mark": func(*circlingRow) {}}})
		},
	} {
		if got := panicOf(build); got == "" != (want == "") || !strings.Contains(got, want) {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

// panicOf is what a function panics with, nothing if it does not.
func panicOf(fn func()) (with string) {
	defer func() {
		if p := recover(); p != nil {
			with = fmt.Sprint(p)
		}
	}()
	fn()
	return ""
}

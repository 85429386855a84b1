package permission

import (
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

func known() *Service {
	s := &Service{&httpapi.Table{}}
	s.operations.Add([]httpapi.Op{
		{ID: "disks.peek", Permission: "disks.get", Kind: "disk", Verb: "peek", Summary: "Peek into a disk"},
		{ID: "disks.get", Permission: "disks.get", Kind: "disk", Verb: "get", Summary: "Get a disk"},
		{ID: "disks.create", Permission: "disks.create", Kind: "disk", Verb: "create", Summary: "Create a disk"},
		{ID: "whoami.get", Permission: "whoami.get", Scope: httpapi.ScopeCaller},
		{ID: "boats.sink", Permission: "boats.sink", Kind: "boat", Verb: "sink", Summary: "Sink a boat"},
	}...)
	return s
}

func TestPermissionsComeFromTheOperations(t *testing.T) {
	t.Parallel()
	s := known()
	page, err := s.List(t.Context(), resource.ListQuery{})
	want := []Permission{
		{"boats.sink", "boat", "sink", "Sink a boat."}, {"disks.create", "disk", "create", "Create a disk."}, {"disks.get", "disk", "get", "Get a disk."},
	}
	if err != nil || page.NextPageToken != nil || !slices.Equal(page.Items, want) {
		t.Errorf("got %+v, %v", page, err)
	}
	for _, p := range want {
		if got, err := s.Get(t.Context(), p.ID); err != nil || got != p {
			t.Errorf("%s: got %+v, %v", p.ID, got, err)
		}
	}
	for _, id := range []string{"whoami.get", "disks.peek", ""} {
		if _, err := s.Get(t.Context(), id); !fault.IsCode(err, "not_found") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := known()
	var got []string
	q := resource.ListQuery{PageSize: 1, Filters: map[string]string{"kind": "disk"}}
	for {
		page, err := s.List(t.Context(), q)
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("got %+v, %v", page, err)
		}
		got = append(got, page.Items[0].ID)
		if page.NextPageToken == nil {
			break
		}
		q.PageToken = *page.NextPageToken
	}
	if !slices.Equal(got, []string{"disks.create", "disks.get"}) {
		t.Errorf("got %q", got)
	}
	q.Filters = nil
	if _, err := s.List(t.Context(), q); !fault.IsCode(err, "invalid_parameter") {
		t.Errorf("a token of another list: %v", err)
	}
}

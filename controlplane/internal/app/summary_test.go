package app

import (
	"net/http"
	"testing"

	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
)

// An operation on many things leaves one record, with a summary in the place of an object: a change in its transaction, and a read. One that is
// refused, or tried out, says nothing of what it did not do.
func TestSummariesOnRecord(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, nil, func(c *config.Config) { c.AuditReads = []string{"batch.get"} })
	id := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker").MustCreate(fixture.Full).ID
	n.must(ownerToken, http.MethodPatch, "/lockers/"+id, object{"deletion_protection": false, "contents": object{"1": "boots", "2": "hat", "3": "scarf"}})
	for what, c := range map[string]struct {
		ask          ask
		record, want string
	}{
		"a change":                  {ask{path: "/lockers/" + id + "/actions/empty"}, "lockers.empty", `succeeded {"summary":{"counts":{"things":3}}}`},
		"a change that was refused": {ask{path: "/lockers/" + id + "/actions/empty", header: map[string]string{"If-Match": `"77"`}}, "lockers.empty", "failed "},
		"a read":                    {ask{path: "/batch-get", body: object{"ids": []string{id, n.root, "lok_00000000000000000000000000"}}}, "batch.get", `succeeded {"summary":{"counts":{"billing_entity":1,"locker":1}}}`},
	} {
		c.ask.token, c.ask.method = ownerToken, http.MethodPost
		r := n.send(c.ask)
		var got []string
		n.check(n.db.Conn(t.Context()).Raw("SELECT outcome || ' ' || coalesce(new::text, '') FROM audit_record WHERE request_id = ? AND op_id = ? AND old IS NULL", r.requestID, c.record).Scan(&got).Error)
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %d: on record is %q, want %q", what, r.status, got, c.want)
		}
	}
	r := n.send(ask{token: ownerToken, method: http.MethodPost, path: "/lockers/" + id + "/actions/empty?dry_run=true"})
	var records int64
	n.check(n.db.Conn(t.Context()).Raw("SELECT count(*) FROM audit_record WHERE request_id = ?", r.requestID).Scan(&records).Error)
	if r.status != http.StatusOK || records != 0 {
		t.Errorf("tried out: %d, and %d records", r.status, records)
	}
}

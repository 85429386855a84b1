package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// verifyAudit is what the command says of the trail.
func (i *installation) verifyAudit(expect ...string) (string, error) {
	i.t.Helper()
	var out bytes.Buffer
	err := VerifyAudit(i.t.Context(), i.cfg, i.log, &out, expect)
	return out.String(), err
}

// sealed waits until every record has its number, and returns what the command says then and the checkpoint in it.
func (i *installation) sealed() (out, checkpoint string) {
	i.t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := i.verifyAudit()
		i.check(err)
		if _, checkpoint, ok := strings.Cut(out, "checkpoint "); ok && strings.Contains(out, " checked, 0 more wait") {
			return out, strings.TrimSpace(checkpoint)
		}
		select {
		case <-deadline.C:
			i.t.Fatalf("records are not sealed within a minute: %s", out)
		case <-tick.C:
		}
	}
}

// trail is the list of audit records with these parameters, as "operation outcome code".
func (i *installation) trail(c *client.Client, query url.Values) (out []string) {
	i.t.Helper()
	for raw, err := range c.List(i.t.Context(), "/audit-records", query) {
		i.check(err)
		var r struct{ Operation, Outcome, Code string }
		i.check(json.Unmarshal(raw, &r))
		out = append(out, strings.TrimSpace(r.Operation+" "+r.Outcome+" "+r.Code))
	}
	return out
}

func TestAuditOfAnInstallation(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.cfg.AuditReads = []string{"customers.get"}
	c, stop := i.serve()
	vm := i.machine(c)
	customer := i.first(c, "/customers")
	for _, r := range []client.Request{
		{Method: http.MethodGet, Path: "/customers/" + customer},
		{Method: http.MethodGet, Path: "/virtual-machines/" + vm},
	} {
		if _, err := c.Do(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Do(t.Context(), client.Request{Method: http.MethodPatch, Path: "/virtual-machines/" + vm, Body: map[string]any{"memory_mib": -1}}); err == nil {
		t.Fatal("less than no memory is accepted")
	}
	if got, want := i.trail(c, url.Values{"target_id": {vm}}), []string{"virtual_machines.update failed invalid", "virtual_machines.create succeeded"}; !slices.Equal(got, want) {
		t.Errorf("of the machine are on record %q, want %q", got, want)
	}
	if got, want := i.trail(c, url.Values{"customer_id": {customer}, "operation": {"customers.get"}}), []string{"customers.get succeeded"}; !slices.Equal(got, want) {
		t.Errorf("reads on record are %q, want %q", got, want)
	}
	if got := i.trail(c, url.Values{"at_from": {"2999-01-01T00:00:00Z"}}); len(got) > 0 {
		t.Errorf("in the far future are on record %q", got)
	}

	_, checkpoint := i.sealed()
	i.check(RotateKeys(t.Context(), i.cfg, i.log))
	i.check(RetireKeys(t.Context(), i.cfg, i.log))
	if out, err := i.verifyAudit(checkpoint); err != nil || !strings.Contains(out, "findings: 0") {
		t.Errorf("after a change of keys: %v\n%s", err, out)
	}
	stop()
	c, stop = i.serve()
	i.write(c, http.MethodPatch, "/virtual-machines/"+vm, map[string]any{"labels": map[string]any{"env": "test"}})
	i.sealed()
	stop()

	i.check(i.db.Conn(t.Context()).Exec("ALTER TABLE audit_record DISABLE TRIGGER USER").Error)
	i.check(i.db.Conn(t.Context()).Exec("UPDATE audit_record SET outcome = 'succeeded' WHERE outcome = 'failed'").Error)
	i.check(i.db.Conn(t.Context()).Exec("DELETE FROM audit_record WHERE sequence = 1").Error)
	out, err := i.verifyAudit(checkpoint)
	if !errors.Is(err, ErrAuditFindings) || strings.Count(out, "\n") != 3 || !strings.Contains(out, "altered: aud_") || !strings.Contains(out, "removed: number 1 is") ||
		!strings.Contains(out, "findings: 2") {
		t.Errorf("of a trail that was tampered with it says: %v\n%s", err, out)
	}
	if _, err := i.verifyAudit("7"); err == nil || errors.Is(err, ErrAuditFindings) {
		t.Errorf("takes 7 for a checkpoint: %v", err)
	}
}

func TestReadsOnRecordAreOperations(t *testing.T) {
	t.Parallel()
	_, ops := Contract()
	r, err := auditedReads([]string{"customers.*", "*.list"}, ops)
	if err != nil || !r.Match("customers.get") || !r.Match("disks.list") || r.Match("disks.get") {
		t.Errorf("got %v, %v", r, err)
	}
	for _, wrong := range []string{"customer.*", "customers", "[a-"} {
		if _, err := auditedReads([]string{"customers.get", wrong}, []httpapi.Op{{ID: "customers.get"}}); err == nil {
			t.Errorf("takes %q, which is the id of no operation", wrong)
		}
	}
}

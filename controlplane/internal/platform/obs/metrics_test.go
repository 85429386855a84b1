package obs_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/obs"
)

func scrape(t *testing.T, m *obs.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	body, err := io.ReadAll(rec.Body)
	if err != nil || rec.Code != 200 {
		t.Fatalf("%d, %v", rec.Code, err)
	}
	return string(body)
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := obs.NewMetrics()
	first, second := m.RequestStarted(), m.RequestStarted()
	_ = second
	m.RequestAnswered("virtual_machines.create", 202, 30*time.Millisecond)
	m.RequestAnswered("virtual_machines.create", 202, 2*time.Second)
	m.RequestAnswered("virtual_machines.create", 409, time.Millisecond)
	first()
	m.LimitReached("address")
	m.OperationEnded("virtual_machine.create", "succeeded", 3*time.Second)
	m.JobStarted("default", 20*time.Millisecond)
	m.JobEnded("operation", "retried", 40*time.Millisecond)
	m.QueueSize("default", map[string]int{"available": 7, "running": 2})
	m.QueueSize("other", map[string]int{"available": 1})
	m.QueueSize("default", map[string]int{"available": 3})

	body := scrape(t, m)
	for _, want := range []string{
		`demarc_http_requests_total{op="virtual_machines.create",status="202"} 2`,
		`demarc_http_requests_total{op="virtual_machines.create",status="409"} 1`,
		`demarc_http_request_duration_seconds_bucket{op="virtual_machines.create",le="0.05"} 2`,
		`demarc_http_request_duration_seconds_count{op="virtual_machines.create"} 3`,
		`demarc_http_requests_running 1`,
		`demarc_http_requests_limited_total{limit="address"} 1`,
		`demarc_operation_duration_seconds_sum{action="virtual_machine.create",state="succeeded"} 3`,
		`demarc_job_wait_seconds_bucket{queue="default",le="0.025"} 1`,
		`demarc_job_duration_seconds_count{kind="operation",outcome="retried"} 1`,
		`demarc_job_queue_size{queue="default",state="available"} 3`,
		`demarc_job_queue_size{queue="other",state="available"} 1`,
		`go_goroutines `,
	} {
		if !strings.Contains(body, "\n"+want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, `queue="default",state="running"`) {
		t.Error("a state without jobs still shows the old count")
	}
}

func TestMetricsAreNotShared(t *testing.T) {
	t.Parallel()
	a, b := obs.NewMetrics(), obs.NewMetrics()
	a.RequestAnswered("x", 200, time.Millisecond)
	if strings.Contains(scrape(t, b), `op="x"`) {
		t.Error("one server's metrics are in another's")
	}
}

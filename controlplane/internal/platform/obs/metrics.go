package obs

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the server's Prometheus metrics, in a registry of their own: nothing is global, so tests and several servers in
// one process do not meet. Labels only ever have values from the program (operation ids, kinds, states), never from requests.
type Metrics struct {
	// Registry is for modules that have metrics of their own.
	Registry *prometheus.Registry

	requests        *prometheus.CounterVec
	requestSeconds  *prometheus.HistogramVec
	requestsRunning prometheus.Gauge
	limited         *prometheus.CounterVec
	operations      *prometheus.HistogramVec
	jobSeconds      *prometheus.HistogramVec
	jobWait         *prometheus.HistogramVec
	queue           *prometheus.GaugeVec
}

// NewMetrics has everything registered, with the Go runtime's and the process's own metrics.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "demarc_http_requests_total", Help: "Requests answered, by operation of the API and status code.",
		}, []string{"op", "status"}),
		requestSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "demarc_http_request_duration_seconds", Help: "Time to answer a request, by operation of the API.",
			// To a minute: long polls.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"op"}),
		requestsRunning: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "demarc_http_requests_running", Help: "Requests being answered now, long polls included.",
		}),
		limited: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "demarc_http_requests_limited_total", Help: "Requests refused because there were too many, by limit.",
		}, []string{"limit"}),
		operations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "demarc_operation_duration_seconds", Help: "Time from the start of an operation to its end, by action and the state that it ended in.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600},
		}, []string{"action", "state"}),
		jobSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "demarc_job_duration_seconds", Help: "Time that one attempt at a job took, by kind and outcome.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"kind", "outcome"}),
		jobWait: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "demarc_job_wait_seconds", Help: "Time from when a job could start to when it did, by queue.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
		}, []string{"queue"}),
		queue: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "demarc_job_queue_size", Help: "Jobs in the queue that all nodes share, by queue and state, when last counted.",
		}, []string{"queue", "state"}),
	}
	m.Registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.requestSeconds, m.requestsRunning, m.limited, m.operations, m.jobSeconds, m.jobWait, m.queue,
	)
	return m
}

// Handler answers what Prometheus asks for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{Registry: m.Registry})
}

// RequestStarted counts a request as running; call the function that it returns once, when the request has been answered.
func (m *Metrics) RequestStarted() func() {
	m.requestsRunning.Inc()
	return m.requestsRunning.Dec
}

// RequestAnswered counts an answer. op is the operation's id (virtual_machines.create), "unmatched" for a path that has none.
func (m *Metrics) RequestAnswered(op string, status int, took time.Duration) {
	m.requests.WithLabelValues(op, strconv.Itoa(status)).Inc()
	m.requestSeconds.WithLabelValues(op).Observe(took.Seconds())
}

// LimitReached counts a request that was refused because there were too many; limit is one of the program's own words.
func (m *Metrics) LimitReached(limit string) { m.limited.WithLabelValues(limit).Inc() }

// OperationEnded counts an operation: its action (virtual_machine.create) and its last state (succeeded, failed, cancelled).
func (m *Metrics) OperationEnded(action, state string, took time.Duration) {
	m.operations.WithLabelValues(action, state).Observe(took.Seconds())
}

// JobStarted counts an attempt that begins after it could have begun for the time waited.
func (m *Metrics) JobStarted(queue string, waited time.Duration) {
	m.jobWait.WithLabelValues(queue).Observe(waited.Seconds())
}

// JobEnded counts an attempt at a job: outcome is one of the program's own words, such as succeeded, retried, failed.
func (m *Metrics) JobEnded(kind, outcome string, took time.Duration) {
	m.jobSeconds.WithLabelValues(kind, outcome).Observe(took.Seconds())
}

// QueueSize is how many jobs one queue has, by state. States that are not named have none.
func (m *Metrics) QueueSize(queue string, byState map[string]int) {
	m.queue.DeletePartialMatch(prometheus.Labels{"queue": queue})
	for state, n := range byState {
		m.queue.WithLabelValues(queue, state).Set(float64(n))
	}
}

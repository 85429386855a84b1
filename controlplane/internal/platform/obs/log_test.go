package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/obs"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

const hidden = "hunter2-correct-horse"

// lines decodes what was logged.
func lines(t *testing.T, buf *bytes.Buffer) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(buf.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		out = append(out, m)
	}
	return out
}

func TestHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		buf.Reset()
		return obs.NewLogger(&buf, slog.LevelInfo).Handler()
	}, func(t *testing.T) map[string]any { return lines(t, &buf)[0] })
}

func TestContextAttributes(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	log := obs.NewLogger(&buf, slog.LevelInfo).With("node", "n1")
	ctx := obs.WithRequestID(t.Context(), "req_1")
	deeper := obs.WithOperationID(obs.WithRequestID(ctx, "req_2"), "op_1")

	log.InfoContext(ctx, "outer")
	log.InfoContext(deeper, "inner", "k", "v")
	log.WithGroup("g").With("a", 1).WithGroup("h").InfoContext(deeper, "grouped", "b", 2)
	log.InfoContext(context.Background(), "none")
	log.InfoContext(ctx, "own", obs.KeyRequestID, "req_3")
	log.InfoContext(ctx, "outer again")

	want := []string{
		`map[msg:outer node:n1 request_id:req_1]`,
		`map[k:v msg:inner node:n1 operation_id:op_1 request_id:req_2]`,
		`map[g:map[a:1 h:map[b:2]] msg:grouped node:n1 operation_id:op_1 request_id:req_2]`,
		`map[msg:none node:n1]`,
		`map[msg:own node:n1 request_id:req_3]`,
		`map[msg:outer again node:n1 request_id:req_1]`,
	}
	for i, got := range lines(t, &buf) {
		delete(got, "time")
		delete(got, "level")
		if fmt.Sprint(got) != want[i] {
			t.Errorf("got  %v\nwant %s", got, want[i])
		}
	}
	if n := strings.Count(buf.String(), `"request_id":"req_3"`) + strings.Count(buf.String(), "own"); n != 2 || strings.Count(buf.String(), "request_id") != 5 {
		t.Errorf("a key stands twice in a line: %s", buf.String())
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	var level slog.LevelVar
	log := obs.NewLogger(&buf, &level)
	log.Debug("no")
	level.Set(slog.LevelDebug)
	log.Debug("yes")
	if got := lines(t, &buf); len(got) != 1 || got[0]["msg"] != "yes" {
		t.Errorf("got %v", got)
	}
}

func TestTimeIsUTC(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("x", 3600))
	if err := obs.NewLogger(&buf, slog.LevelInfo).Handler().Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, "m", 0)); err != nil {
		t.Fatal(err)
	}
	if got := lines(t, &buf)[0]["time"]; got != "2026-03-01T11:00:00Z" {
		t.Errorf("got %v", got)
	}
}

type login struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Inner    *login `json:"inner,omitempty"`
}

func TestSecretsAreTakenOut(t *testing.T) {
	t.Parallel()
	for name, attr := range map[string]slog.Attr{
		"token":                slog.String("token", hidden),
		"suffix":               slog.String("bootstrap_token", hidden),
		"header name":          slog.Any("x", map[string]string{"X-Api-Token": hidden}),
		"camel case":           slog.Any("x", map[string]string{"userData": hidden}),
		"user_data":            slog.Any("user_data", []byte(hidden)),
		"upper case":           slog.Any("x", map[string]string{"AUTHORIZATION": hidden}),
		"password":             slog.Any("password", map[string]string{"x": hidden}),
		"secret":               slog.Any("client_secret", errors.New(hidden)),
		"in a group":           slog.Group("request", slog.Group("header", "authorization", hidden)),
		"group name":           slog.Group("password", "old", hidden),
		"headers":              slog.Any("header", http.Header{"Authorization": {"Bearer " + hidden}, "Cookie": {hidden}}),
		"struct":               slog.Any("body", login{User: "u", Password: hidden}),
		"nested pointer":       slog.Any("body", &login{Inner: &login{Password: hidden}}),
		"list of structs":      slog.Any("bodies", []login{{Password: hidden}}),
		"map":                  slog.Any("body", map[string]any{"spec": map[string]any{"user_data": hidden}}),
		"secret type":          slog.Any("anything", secret.New(hidden)),
		"secret type inside":   slog.Any("anything", struct{ S secret.String }{secret.New(hidden)}),
		"bearer in a text":     slog.String("line", "GET / Authorization: bearer "+hidden),
		"bearer in an error":   slog.Any("error", fmt.Errorf("refused: Bearer %s", hidden)),
		"url in an error":      slog.Any("error", fmt.Errorf("cannot connect to postgres://demarc:%s@db:5432/x", hidden)),
		"url in a struct":      slog.Any("options", struct{ URL string }{"postgres://demarc:" + hidden + "@db/x"}),
		"not to be encoded":    slog.Any("body", map[string]any{"password": hidden, "f": func() {}}),
		"inside a LogValuer's": slog.Any("v", valuer{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			log := obs.NewLogger(&buf, slog.LevelInfo)
			log.LogAttrs(t.Context(), slog.LevelInfo, "m", attr)
			log.With(attr).Info("m")
			log.InfoContext(obs.With(t.Context(), attr), "m")
			if strings.Contains(buf.String(), hidden) || strings.Contains(buf.String(), "aHVudGVyMi1jb3JyZWN0LWhvcnNl") {
				t.Error(buf.String())
			}
			if len(lines(t, &buf)) != 3 {
				t.Errorf("lines were lost: %s", buf.String())
			}
		})
	}
	var buf bytes.Buffer
	obs.NewLogger(&buf, slog.LevelInfo).Info("login with Bearer " + hidden)
	if strings.Contains(buf.String(), hidden) {
		t.Error(buf.String())
	}
}

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("password", hidden)) }

func TestWhatIsNoSecretStays(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	obs.NewLogger(&buf, slog.LevelInfo).Info("see https://host:8080/x",
		"api_token_id", "tok_1", "name", "web", "n", 42, "error", errors.New("disk is full"), "d", 2*time.Second,
		"body", struct {
			Big  int64  `json:"big"`
			Name string `json:"name"`
		}{1<<62 + 1, "x"},
		slog.Group("api_token", "id", "tok_2"), "url", "postgres://demarc@db/x?a=b", "note", "basic plan")
	got := lines(t, &buf)[0]
	delete(got, "time")
	want := `map[api_token:map[id:tok_2] api_token_id:tok_1 body:map[big:4.611686018427388e+18 name:x] d:2e+09 error:disk is full level:INFO msg:see https://host:8080/x n:42 name:web note:basic plan url:postgres://demarc@db/x?a=b]`
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	if !strings.Contains(buf.String(), "4611686018427387905") {
		t.Errorf("a number lost digits: %s", buf.String())
	}
}

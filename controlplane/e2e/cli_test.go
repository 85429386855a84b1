package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/internal/cli"
)

// program runs the command line demarc against a server.
type program func(t *testing.T, args ...string) outcome

// outcome is what a run of the program left.
type outcome struct {
	status   int
	out, err string
}

// process is the program as it is installed, with further variables in its environment.
func process(t *testing.T, s *servertest.Server, token string, env ...string) program {
	t.Helper()
	path, err := servertest.Command("demarc")
	if err != nil {
		t.Fatal(err)
	}
	env = append(env, "DEMARC_ENDPOINT="+s.Endpoint, "DEMARC_TOKEN="+token, "HOME="+t.TempDir())
	return func(t *testing.T, args ...string) outcome {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, args...)
		var out, stderr bytes.Buffer
		cmd.Env, cmd.Stdout, cmd.Stderr = env, &out, &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatalf("demarc %s: %v", strings.Join(args, " "), err)
		}
		return outcome{cmd.ProcessState.ExitCode(), out.String(), stderr.String()}
	}
}

// inProcess is the program's whole command tree, run in this process: to start one for each of the many commands that the laws of a kind
// take would cost more than the commands.
func inProcess(t *testing.T, s *servertest.Server, cat *catalog.Catalog) program {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(s.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, args ...string) outcome {
		t.Helper()
		var out, stderr bytes.Buffer
		args = append([]string{"--endpoint", s.Endpoint, "--token-file", token}, args...)
		status := cli.RunFor(t.Context(), cat, args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &stderr})
		return outcome{status, out.String(), stderr.String()}
	}
}

// must runs the program and returns the object that it prints.
func (p program) must(t *testing.T, args ...string) map[string]any {
	t.Helper()
	o := p(t, append(args, "-o", "json")...)
	if o.status != 0 {
		t.Fatalf("demarc %s: status %d\n%s", strings.Join(args, " "), o.status, o.err)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(o.out), &object); err != nil {
		t.Fatalf("demarc %s: %v\n%s", strings.Join(args, " "), err, o.out)
	}
	return object
}

// The command line can do all that the catalog says, with every kind: its flags, files, names and exit statuses.
func TestCLI(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	commandLaws(t, inProcess(t, shared, cat), c, cat, catalog.LoadFixture)
}

// TestSlowCLI is TestCLI with the program as it is installed, a process for each command.
func TestSlowCLI(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	commandLaws(t, process(t, shared, shared.Token), c, cat, catalog.LoadFixture)
}

// commandLaws is what holds of every kind of a catalog on the command line.
func commandLaws(t *testing.T, demarc program, api *client.Client, cat *catalog.Catalog, fixtures fixture.Loader) {
	t.Helper()
	for i := range cat.Kinds {
		k := &cat.Kinds[i]
		if !k.Managed {
			continue
		}
		for _, variant := range []string{fixture.Minimal, fixture.Full} {
			t.Run(k.Name+"/"+variant, func(t *testing.T) {
				t.Parallel()
				lifeCycle(t, demarc, fixture.OpenFrom(t, api, cat, fixtures, k.Name), variant)
			})
		}
		t.Run(k.Name+"/apply", func(t *testing.T) {
			t.Parallel()
			applied(t, demarc, fixture.OpenFrom(t, api, cat, fixtures, k.Name))
		})
		t.Run(k.Name+"/invalid", func(t *testing.T) {
			t.Parallel()
			refused(t, demarc, fixture.OpenFrom(t, api, cat, fixtures, k.Name))
		})
	}
}

// begin is the command that brings an object into being from a body: a create, or the first update of what is there once. What is left
// of the body goes with it as flags, or in a file.
func begin(k *catalog.Kind, body map[string]any) (args []string, rest map[string]any) {
	noun := strings.ReplaceAll(k.Name, "_", "-")
	if !k.Singleton {
		return []string{noun, "create"}, body
	}
	rest = maps.Clone(body)
	delete(rest, k.IDField())
	return []string{noun, "update", fmt.Sprint(body[k.IDField()])}, rest
}

// lifeCycle creates an object with flags, finds it, changes every field, and deletes it.
func lifeCycle(t *testing.T, demarc program, f *fixture.Fixture, variant string) {
	k := f.Kind
	noun := strings.ReplaceAll(k.Name, "_", "-")
	body := f.MustBody(variant)
	args, rest := begin(k, body)
	created := demarc.must(t, append(args, flags(t, k.Fields, "", rest)...)...)
	id, _ := created[k.IDField()].(string)
	f.Adopt(id)
	agree(t, k.Fields, body, created)
	if state, ok := created["state"]; ok && state != "active" {
		t.Errorf("the program did not wait: %v", state)
	}
	agree(t, k.Fields, body, demarc.must(t, noun, "get", id))
	if k.Named {
		name, _ := body["name"].(string)
		agree(t, k.Fields, map[string]any{"name": name}, demarc.must(t, noun, "get", namePath(t, demarc, k, created)))
		if o := demarc(t, noun, "list", "-q", name, "-o", "id"); strings.TrimSpace(o.out) != id {
			t.Errorf("list: %q, want %s; %s", o.out, id, o.err)
		}
	}
	if o := demarc(t, noun, "describe", id); o.status != 0 || !strings.Contains(o.out, id) {
		t.Errorf("describe: status %d, %s%s", o.status, o.out, o.err)
	}

	if _, updates := k.Operations["update"]; updates {
		updated(t, demarc, f, id, created)
	}

	if o := demarc(t, noun, "delete", id); o.status != 0 || !strings.Contains(o.out, "deleted") {
		t.Fatalf("delete: status %d, %s%s", o.status, o.out, o.err)
	}
	if k.Singleton {
		defaults := map[string]any{}
		for _, field := range k.Fields {
			if len(field.Default) > 0 {
				defaults[field.Name] = literal(t, field.Default)
			}
		}
		agree(t, k.Fields, defaults, demarc.must(t, noun, "get", id))
	} else if o := demarc(t, noun, "get", id); o.status != 3 {
		t.Errorf("after delete: status %d\n%s", o.status, o.err)
	}
}

// updated changes every field that can be changed, and takes away what can be taken away.
func updated(t *testing.T, demarc program, f *fixture.Fixture, id string, created map[string]any) {
	t.Helper()
	k := f.Kind
	noun := strings.ReplaceAll(k.Name, "_", "-")
	changed := f.MustBody(fixture.Changed)
	mutable := maps.Clone(changed)
	maps.DeleteFunc(mutable, func(name string, _ any) bool { field := k.Field(name); return field != nil && !field.Mutable() })
	dry := demarc.must(t, append([]string{noun, "update", id, "--dry-run"}, flags(t, k.Fields, "", mutable)...)...)
	agree(t, k.Fields, mutable, dry)
	if now := demarc.must(t, noun, "get", id); fmt.Sprint(now["revision"]) != fmt.Sprint(created["revision"]) {
		t.Errorf("a dry run went from revision %v to %v", created["revision"], now["revision"])
	}
	agree(t, k.Fields, mutable, demarc.must(t, append([]string{noun, "update", id}, flags(t, k.Fields, "", mutable)...)...))
	if o := demarc(t, noun, "update", id, "--if-match", fmt.Sprint(created["revision"])); o.status != 4 {
		t.Errorf("an old revision: status %d\n%s", o.status, o.err)
	}
	cleared(t, demarc, k, noun, id, mutable)
}

func literal(t *testing.T, raw json.RawMessage) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// cleared takes every field away that can be taken away, and expects null or the default.
func cleared(t *testing.T, demarc program, k *catalog.Kind, noun, id string, body map[string]any) {
	t.Helper()
	args := []string{noun, "update", id}
	want := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		field := k.Field(name)
		// What can only grow cannot go back to a smaller default, and of exclusive fields one has to stay.
		if field == nil || field.Required || field.GrowOnly || field.OneOf != "" || !field.Nullable && len(field.Default) == 0 {
			continue
		}
		args = append(args, "--clear", name)
		want[name] = nil
		if len(field.Default) > 0 {
			want[name] = literal(t, field.Default)
		}
	}
	if len(want) > 0 {
		agree(t, k.Fields, want, demarc.must(t, args...))
	}
}

// applied makes an object with apply, again with no change, and with one.
func applied(t *testing.T, demarc program, f *fixture.Fixture) {
	k := f.Kind
	body := f.MustBody(fixture.Full)
	file := filepath.Join(t.TempDir(), "object.json")
	apply := func(spec map[string]any, args ...string) (id, result string) {
		t.Helper()
		b, err := json.Marshal(map[string]any{"kind": k.Name, "spec": spec})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		o := demarc(t, append([]string{"apply", "-f", file, "-o", "json"}, args...)...)
		var results []struct{ ID, Result string }
		if err := json.Unmarshal([]byte(o.out), &results); err != nil || o.status != 0 || len(results) != 1 {
			t.Fatalf("apply: status %d, %v\n%s\n%s", o.status, err, o.out, o.err)
		}
		return results[0].ID, results[0].Result
	}
	begun := "created"
	if k.Singleton {
		begun = "updated"
	}
	if _, result := apply(body, "--dry-run"); result != "would be "+begun {
		t.Errorf("dry run: %s", result)
	}
	id, result := apply(body)
	f.Adopt(id)
	if result != begun {
		t.Errorf("first run: %s", result)
	}
	if again, result := apply(body); result != "unchanged" || again != id {
		t.Errorf("second run: %s of %s, not of %s", result, again, id)
	}
	if k.Field("notes") == nil {
		return
	}
	body["notes"] = "changed by apply"
	if again, result := apply(body); result != "updated" || again != id {
		t.Errorf("a change: %s of %s, not of %s", result, again, id)
	}
	if _, result := apply(body); result != "unchanged" {
		t.Errorf("after the change: %s", result)
	}
}

// refused sends what the server refuses and expects an error that names the field.
func refused(t *testing.T, demarc program, f *fixture.Fixture) {
	for _, c := range f.Invalid() {
		body, err := f.InvalidBody(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		args, rest := begin(f.Kind, body)
		b, err := json.Marshal(rest)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "body.json")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		o := demarc(t, append(args, "-f", file)...)
		first := strings.Split(strings.TrimPrefix(c.Pointer, "/"), "/")[0]
		switch {
		case o.status != 1 && o.status != 2:
			t.Errorf("%s: status %d\n%s%s", c.Name, o.status, o.out, o.err)
		case !strings.Contains(o.err, "--"+strings.ReplaceAll(first, "_", "-")) && !strings.Contains(o.err, c.Pointer):
			t.Errorf("%s: the error does not name %s\n%s", c.Name, c.Pointer, o.err)
		}
	}
}

// flags writes a body as flags.
func flags(t *testing.T, fields []catalog.Field, prefix string, body map[string]any) []string {
	t.Helper()
	var args []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("the fixture's field %s is not in the catalog", prefix+name)
		}
		f, value := &fields[i], body[name]
		if value == nil {
			continue
		}
		flag := "--" + strings.ReplaceAll(prefix+name, "_", "-")
		switch v := value.(type) {
		case map[string]any:
			if f.Type == catalog.Object {
				args = append(args, flags(t, f.Fields, prefix+name+".", v)...)
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(v)) {
				args = append(args, flag, key+"="+plain(t, v[key]))
			}
		case []any:
			for _, item := range v {
				args = append(args, flag, plain(t, item))
			}
		default:
			if f.WriteOnly {
				file := filepath.Join(t.TempDir(), name)
				if err := os.WriteFile(file, []byte(plain(t, v)), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, flag+"-file", file)
				continue
			}
			args = append(args, flag+"="+plain(t, v))
		}
	}
	return args
}

// plain is text as it is, and anything else as JSON.
func plain(t *testing.T, v any) string {
	t.Helper()
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// agree compares what was asked for with what is; secrets must not come back.
func agree(t *testing.T, fields []catalog.Field, want, have map[string]any) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == name })
		if i >= 0 && fields[i].WriteOnly {
			if have[name] != nil {
				t.Errorf("the secret %s came back", name)
			}
			continue
		}
		w, h := want[name], have[name]
		if i >= 0 && fields[i].Type == catalog.Set {
			w, h = inOrder(t, w), inOrder(t, h)
		}
		if i >= 0 && fields[i].Type == catalog.Object && w != nil {
			if object, ok := h.(map[string]any); ok {
				agree(t, fields[i].Fields, w.(map[string]any), object)
				continue
			}
		}
		if i >= 0 && fields[i].Type == catalog.Map && w != nil && len(w.(map[string]any)) > 0 {
			// An update merges: what was there before stays.
			if object, ok := h.(map[string]any); ok {
				for key, value := range w.(map[string]any) {
					if inner, ok := value.(map[string]any); ok && fields[i].Items.Type == catalog.Object {
						there, _ := object[key].(map[string]any)
						agree(t, fields[i].Items.Fields, inner, there)
						continue
					}
					if plain(t, object[key]) != plain(t, value) {
						t.Errorf("%s.%s: %v, want %v", name, key, object[key], value)
					}
				}
				continue
			}
		}
		if plain(t, w) != plain(t, h) {
			t.Errorf("%s: %s, want %s", name, plain(t, h), plain(t, w))
		}
	}
}

func inOrder(t *testing.T, v any) any {
	t.Helper()
	list, ok := v.([]any)
	if !ok {
		return v
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b any) int { return strings.Compare(plain(t, a), plain(t, b)) })
	return sorted
}

// namePath asks for the names of an object and its parent.
func namePath(t *testing.T, demarc program, k *catalog.Kind, object map[string]any) string {
	t.Helper()
	name, _ := object["name"].(string)
	if k.Parent == nil {
		return name
	}
	parent, _ := object[k.Parent.Field].(string)
	if parent == "" {
		return name
	}
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	of := demarc.must(t, strings.ReplaceAll(cat.KindOfID(parent).Name, "_", "-"), "get", parent)
	return fmt.Sprint(of["name"]) + "/" + name
}

// A token that the command line makes is that of its service account, which may do what a role lets it and nothing else.
func TestCLIAccess(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t)
	as := func(token string) program { return process(t, server, token) }
	owner := as(server.Token)
	account := owner.must(t, "service-account", "create", "--name", "robot", "--owner-id", "billing-entity:operator")
	id := fmt.Sprint(account["id"])
	token := owner.must(t, "api-token", "create", "--name", "first", "--service-account-id", "operator/robot")
	robot := as(fmt.Sprint(token["token"]))

	principal := func(p program) string {
		who, _ := p.must(t, "whoami")["principal"].(map[string]any)
		return fmt.Sprint(who["kind"], " ", who["id"])
	}
	if got := principal(robot); got != "service_account "+id {
		t.Errorf("the robot is %s", got)
	}
	if got := principal(owner); got != "platform_owner owner" {
		t.Errorf("the owner is %s", got)
	}
	can := func(status int, answer string, question ...string) {
		t.Helper()
		if o := robot(t, append([]string{"can"}, question...)...); o.status != status || o.out != answer {
			t.Errorf("can %v: status %d, %s%s", question, o.status, o.out, o.err)
		}
	}
	can(1, "no\n", "locations.list", "platform")
	owner.must(t, "policy", "update", "platform", "--bindings", fmt.Sprintf("%s={members: [service_account:%s]}", roleID(t, owner, "operator/viewer"), id))
	can(0, "yes\n", "locations.list", "platform")
	can(1, "no\n", "locations.create")

	if o := owner(t, "access", "platform"); o.status != 0 || !strings.Contains(o.out, id) || !strings.Contains(o.out, "viewer") {
		t.Errorf("access: status %d\n%s%s", o.status, o.out, o.err)
	}
	rotated := owner.must(t, "api-token", "rotate", "robot/first", "--overlap-seconds", "0")
	if o := robot(t, "whoami"); o.status != 1 || !strings.Contains(o.err, "401") {
		t.Errorf("the token before: status %d\n%s%s", o.status, o.out, o.err)
	}
	if got := principal(as(fmt.Sprint(rotated["token"]))); got != "service_account "+id {
		t.Errorf("with the new token the robot is %s", got)
	}
	if again := owner.must(t, "api-token", "get", "robot/first"); again["token"] != nil {
		t.Error("a token is shown again")
	}
}

func roleID(t *testing.T, demarc program, path string) string {
	t.Helper()
	return fmt.Sprint(demarc.must(t, "role", "get", path)["id"])
}

// A command that waits shows the operation's steps, and one that does not says how to.
func TestCLIWaits(t *testing.T) {
	t.Parallel()
	demarc := process(t, shared, shared.Token)
	api, cat := connect(t, shared)
	for i := range cat.Kinds {
		k := &cat.Kinds[i]
		if !k.Managed || !k.Operations["create"].Async {
			continue
		}
		f := fixture.Open(t, api, cat, k.Name)
		noun := strings.ReplaceAll(k.Name, "_", "-")
		o := demarc(t, append([]string{noun, "create", "--no-wait", "-o", "id"}, flags(t, k.Fields, "", f.MustBody(fixture.Minimal))...)...)
		id := strings.TrimSpace(o.out)
		if o.status != 0 || id == "" {
			t.Fatalf("%s: status %d\n%s", k.Name, o.status, o.err)
		}
		f.Adopt(id)
		if !strings.Contains(o.err, "goes on") {
			t.Errorf("%s: it does not say that the operation goes on:\n%s", k.Name, o.err)
		}
		if o := demarc(t, "wait", id); o.status != 0 {
			t.Errorf("%s: wait: status %d\n%s", k.Name, o.status, o.err)
		}
		if state := demarc.must(t, noun, "get", id)["state"]; state != "active" {
			t.Errorf("%s is %v after wait", k.Name, state)
		}
		o = demarc(t, append([]string{noun, "create", "-o", "id"}, flags(t, k.Fields, "", f.MustBody(fixture.Minimal))...)...)
		f.Adopt(strings.TrimSpace(o.out))
		if o.status != 0 || !strings.Contains(o.err, k.Name+".create succeeded") {
			t.Errorf("%s: status %d, no progress:\n%s", k.Name, o.status, o.err)
		}
	}
}

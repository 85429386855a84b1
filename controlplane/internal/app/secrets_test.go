package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
	"github.com/demarc/demarc/controlplane/internal/virtualmachine"
)

// marked is user data that can be found again.
const marked = "MARKED-USER-DATA-41c7"

// installation is a server's settings and its database, for a server that is started and stopped.
type installation struct {
	t   *testing.T
	cfg config.Config
	db  *db.DB
	log *slog.Logger
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	url := dbtest.URL(t)
	cfg := config.Config{Listen: "127.0.0.1:0", DatabaseURL: secret.New(url), DataDir: t.TempDir(), BootstrapToken: secret.New("a-token-for-this-test"), CheckAnswers: true}
	return &installation{t, cfg.WithDefaults(), dbtest.Open(t, url), slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
}

// serve runs the server until stop is called, or the test ends.
func (i *installation) serve() (_ *client.Client, stop func()) {
	i.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, i.cfg, i.log) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			i.t.Error(err)
		}
	})
	i.t.Cleanup(stop)
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if b, err := os.ReadFile(filepath.Join(i.cfg.DataDir, endpointFile)); err == nil {
			c, err := client.New(client.Config{Endpoint: strings.TrimSpace(string(b)), Token: i.cfg.BootstrapToken.Reveal()})
			i.check(err)
			i.t.Cleanup(c.CloseIdleConnections)
			return c, stop
		}
		select {
		case err := <-ended:
			ended <- nil
			i.t.Fatalf("the server ended: %v", err)
		case <-deadline.C:
			i.t.Fatal("the server is not ready within a minute")
		case <-tick.C:
		}
	}
}

func (i *installation) check(err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}

// made is what these tests read of an object.
type made struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	State    string `json:"state"`
}

// write sends a request, waits for what it began, and says whether it began something.
func (i *installation) write(c *client.Client, method, path string, body any) (made, bool) {
	i.t.Helper()
	res, err := c.Write(i.t.Context(), client.Request{Method: method, Path: path, Body: body, IdempotencyKey: client.NewIdempotencyKey()})
	i.check(err)
	var o made
	i.check(json.Unmarshal(res.Body, &o))
	id := res.OperationID()
	if id != "" {
		op, err := c.WaitOperation(i.t.Context(), id)
		i.check(err)
		if op.State != saga.Succeeded {
			i.t.Fatalf("%s %s: %s", method, path, op.State)
		}
	}
	return o, id != ""
}

// first is the id of the first object of a list.
func (i *installation) first(c *client.Client, path string) string {
	i.t.Helper()
	for raw, err := range c.List(i.t.Context(), path, nil) {
		i.check(err)
		var o made
		i.check(json.Unmarshal(raw, &o))
		return o.ID
	}
	i.t.Fatalf("nothing in %s", path)
	return ""
}

// machine makes a machine with the marked user data, and what it needs.
func (i *installation) machine(c *client.Client) string {
	i.t.Helper()
	customer, _ := i.write(c, http.MethodPost, "/customers", map[string]any{"name": "acme", "email": "it@example.com", "billing_entity_id": i.first(c, "/billing-entities")})
	cloudspace, _ := i.write(c, http.MethodPost, "/cloudspaces", map[string]any{"name": "web", "customer_id": customer.ID, "location_id": i.first(c, "/locations")})
	vm, _ := i.write(c, http.MethodPost, "/virtual-machines", map[string]any{
		"name": "vm1", "cloudspace_id": cloudspace.ID, "image_id": i.first(c, "/images"), "vcpus": 1, "memory_mib": 512, "user_data": marked,
	})
	return vm.ID
}

// dump is every value of every table.
func (i *installation) dump() string {
	i.t.Helper()
	var tables []struct{ Schema, Name string }
	i.check(i.db.Conn(i.t.Context()).Raw(`SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
		WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`).Scan(&tables).Error)
	var out strings.Builder
	for _, table := range tables {
		var rows []string
		i.check(i.db.Conn(i.t.Context()).Raw("SELECT t::text FROM " + pgx.Identifier{table.Schema, table.Name}.Sanitize() + " t").Scan(&rows).Error)
		fmt.Fprintf(&out, "%s: %d\n%s\n", table.Name, len(rows), strings.Join(rows, "\n"))
	}
	return out.String()
}

func (i *installation) ciphertext(vm string) []byte {
	i.t.Helper()
	var rows []struct{ UserDataEncrypted []byte }
	i.check(i.db.Conn(i.t.Context()).Raw("SELECT user_data_encrypted FROM virtual_machine WHERE id = ?", vm).Scan(&rows).Error)
	if len(rows) != 1 || len(rows[0].UserDataEncrypted) == 0 {
		i.t.Fatalf("the machine has no user data: %d rows", len(rows))
	}
	return rows[0].UserDataEncrypted
}

// User data is nowhere in the database, also not in what is kept of requests, jobs and operations.
func TestNoSecretIsStoredInTheClear(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	c, _ := i.serve()
	vm := i.machine(c)
	path := "/virtual-machines/" + vm
	before := i.ciphertext(vm)
	if o, began := i.write(c, http.MethodPatch, path, map[string]any{"user_data": marked}); began || o.Revision != 1 || !bytes.Equal(i.ciphertext(vm), before) {
		t.Errorf("the same user data again is a change: began %t, revision %d", began, o.Revision)
	}
	if o, began := i.write(c, http.MethodPatch, path, map[string]any{"user_data": marked + "2"}); !began || o.Revision != 2 || bytes.Equal(i.ciphertext(vm), before) {
		t.Errorf("other user data is no change: began %t, revision %d", began, o.Revision)
	}

	dump := i.dump()
	// The dump has what it should have: answers kept by key in hexadecimal digits, audit records, jobs, ciphertexts.
	for _, there := range []string{"vm1", hex.EncodeToString([]byte(`"name":"vm1"`)), "virtual_machines.create", "river_job: ", hex.EncodeToString(i.ciphertext(vm))} {
		if !strings.Contains(dump, there) {
			t.Fatalf("%q is not in the dump", there)
		}
	}
	for _, hidden := range []string{marked, hex.EncodeToString([]byte(marked)), base64.StdEncoding.EncodeToString([]byte(marked))[:24]} {
		if at := strings.Index(dump, hidden); at >= 0 {
			t.Errorf("user data is in the database: %.200s", dump[max(0, at-100):])
		}
	}
}

// Keys are changed while a server runs; a server without the right ones does not start.
func TestKeysOfAnInstallation(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	c, stop := i.serve()
	vm := i.machine(c)
	before := i.ciphertext(vm)
	former, err := os.ReadFile(i.cfg.EncryptionKeyFile)
	i.check(err)

	i.check(PrepareKey(t.Context(), i.cfg, i.log))
	if !bytes.Equal(i.ciphertext(vm), before) {
		t.Error("a key that is only ready is used")
	}
	i.check(RotateKeys(t.Context(), i.cfg, i.log))
	after := i.ciphertext(vm)
	if bytes.Equal(after[:5], before[:5]) {
		t.Error("the machine's user data is under the former key")
	}
	i.check(RetireKeys(t.Context(), i.cfg, i.log))
	// The running server opens what is under the new key, for the machine and to compare.
	path := "/virtual-machines/" + vm
	if _, began := i.write(c, http.MethodPatch, path, map[string]any{"user_data": marked}); began {
		t.Error("the running server takes the same user data for another")
	}
	if _, began := i.write(c, http.MethodPatch, path, map[string]any{"vcpus": 2}); !began {
		t.Error("nothing was done")
	}
	stop()

	i.check(os.WriteFile(i.cfg.EncryptionKeyFile, former, 0o600))
	if err := Serve(t.Context(), i.cfg, i.log); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("starts with former keys: %v", err)
	}
	i.check(os.Remove(i.cfg.EncryptionKeyFile))
	if err := Serve(t.Context(), i.cfg, i.log); !errors.Is(err, vault.ErrKeyMissing) {
		t.Errorf("starts without keys: %v", err)
	}
	if err := RotateKeys(t.Context(), i.cfg, i.log); !errors.Is(err, vault.ErrKeyMissing) {
		t.Errorf("changes keys that it does not have: %v", err)
	}
	if _, err := os.Stat(i.cfg.EncryptionKeyFile); err == nil {
		t.Error("keys were made for a database that has others")
	}
}

// listening notes the user data that a driver is given.
type listening struct {
	hypervisor.Driver
	heard *[]string
}

func (l listening) EnsureMachine(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
	*l.heard = append(*l.heard, s.UserData.Reveal())
	return l.Driver.EnsureMachine(ctx, s)
}

func TestUserDataReachesTheMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t))
	var heard []string
	simulation := simulated.Factory(simulated.Settings{Dir: t.TempDir()})
	w.drivers = hypervisor.NewRegistry(map[string]hypervisor.Factory{"simulated": func(ctx context.Context, l hypervisor.Location) (hypervisor.Driver, error) {
		d, err := simulation(ctx, l)
		return listening{d, &heard}, err
	}})
	t.Cleanup(func() { w.check(w.drivers.Close()) })
	w.use(saga.New(saga.Deps{DB: w.db, Jobs: &sagatest.Queue{}}))
	cs := w.finish(w.newCloudspace())
	for name, userData := range map[string]*secret.String{"with": new(secret.New(marked)), "without": nil} {
		heard = nil
		vm, err := w.machines.Create(w.ctx, virtualmachine.Create{CloudspaceID: cs, ImageID: w.image, Spec: virtualmachine.Spec{
			Named: resource.Named{Name: name}, VCPUs: 1, MemoryMiB: 512, BootDiskSizeGiB: 10, PowerState: virtualmachine.Running, UserData: userData,
		}})
		w.finish(vm.Meta, err)
		want := ""
		if userData != nil {
			want = userData.Reveal()
		}
		if len(heard) == 0 || heard[len(heard)-1] != want {
			t.Errorf("%s: the driver was given %q", name, heard)
		}
	}
}

// Every field that goes in and never out is stored in an encrypted column, and every encrypted column takes part in the change of keys.
func TestEverySecretColumnIsDeclared(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t))
	// Answers that show a secret once, and the key of the audit trail, are no fields.
	want := []string{httpapi.AnswerColumn(w.vault).String(), audit.KeyColumn(w.vault).String()}
	cat, err := catalog.Load()
	w.check(err)
	kinds, _ := Contract()
	for _, kind := range kinds {
		for _, f := range cat.Kind(kind.Name).Fields {
			if f.WriteOnly {
				want = append(want, kind.Table()+"."+f.Name+"_encrypted")
			}
		}
		for _, reveal := range cat.Kind(kind.Name).Reveals { // also of what was sent
			for _, f := range reveal.Fields {
				if column := kind.Table() + "." + f.Name + "_encrypted"; f.Sensitive && !slices.Contains(want, column) {
					want = append(want, column)
				}
			}
		}
	}
	slices.Sort(want)
	var columns []string
	w.check(w.db.Conn(w.ctx).Raw(`SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name LIKE '%\_encrypted' ORDER BY 1`).Scan(&columns).Error)
	if declared := w.vault.Columns(); len(want) <= 2 || !slices.Equal(declared, want) || !slices.Equal(columns, want) {
		t.Errorf("declared %v, in the database %v, want %v", declared, columns, want)
	}
}

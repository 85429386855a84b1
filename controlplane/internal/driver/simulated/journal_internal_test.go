package simulated

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

func open(t *testing.T, dir string) *Driver {
	t.Helper()
	d, err := New(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func list(t *testing.T, d *Driver) hypervisor.Inventory {
	t.Helper()
	all, err := d.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func ensureNetwork(ctx context.Context, d *Driver) error {
	_, err := d.EnsureNetwork(ctx, hypervisor.NetworkSpec{ID: "cs_1", Name: "net", CIDR: netip.MustParsePrefix("10.0.0.0/16")})
	return err
}

func ensureMachine(ctx context.Context, d *Driver, id string, vcpus int) error {
	_, err := d.EnsureMachine(ctx, hypervisor.MachineSpec{ID: id, Name: id, NetworkID: "cs_1", ImageID: "img_1", VCPUs: vcpus, MemoryMiB: 128, BootDiskGiB: 1})
	return err
}

// history makes some of every kind of change, the last but one with two rows, and returns the journal, with what there was after each of its lines.
func history(t *testing.T) (journal []byte, after []hypervisor.Inventory) {
	t.Helper()
	dir := t.TempDir()
	d := open(t, dir)
	ctx := t.Context()
	for _, step := range []func() error{
		func() error { return ensureNetwork(ctx, d) },
		func() error { return ensureMachine(ctx, d, "vm_1", 1) },
		func() error {
			_, err := d.EnsureVolume(ctx, hypervisor.VolumeSpec{ID: "dsk_1", SizeGiB: 1})
			return err
		},
		func() error { return d.AttachVolume(ctx, "dsk_1", "vm_1") },
		func() error { return ensureMachine(ctx, d, "vm_2", 1) },
		func() error { return d.SetPower(ctx, "vm_1", hypervisor.PowerRunning) },
		func() error { return d.DeleteMachine(ctx, "vm_1") }, // two rows in one change
		func() error { return ensureMachine(ctx, d, "vm_2", 2) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		after = append(after, list(t, d))
	}
	journal, err := os.ReadFile(filepath.Join(dir, journalName))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(journal, []byte{'\n'}); n != len(after)+1 {
		t.Fatalf("%d lines for %d changes", n, len(after))
	}
	return journal, after
}

func writeJournal(t *testing.T, text []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, journalName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Wherever the last write was cut off, what is left is a whole number of changes, and life goes on.
func TestJournalCutAnywhere(t *testing.T) {
	t.Parallel()
	journal, after := history(t)
	head := bytes.IndexByte(journal, '\n') + 1
	// Opening and writing wait for the disk. So: every byte of the line with two rows, and elsewhere around the ends of lines and
	// here and there between.
	twoRows := len(bytes.Join(bytes.SplitAfter(journal, []byte{'\n'})[:7], nil))
	for cut := head; cut <= len(journal); cut++ {
		around := cut%29 == 0 || bytes.ContainsRune(journal[cut-1:min(cut+1, len(journal))], '\n')
		if !around && (cut < twoRows || bytes.ContainsRune(journal[twoRows:cut], '\n')) {
			continue
		}
		want := hypervisor.Inventory{Networks: []hypervisor.Network{}, Volumes: []hypervisor.Volume{}, Machines: []hypervisor.Machine{}}
		if whole := bytes.Count(journal[:cut], []byte{'\n'}) - 1; whole > 0 {
			want = after[whole-1]
		}
		if err := goOnFrom(t, journal[:cut], want, around); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}

func goOnFrom(t *testing.T, journal []byte, want hypervisor.Inventory, write bool) error {
	dir := writeJournal(t, journal)
	defer os.RemoveAll(dir)
	d, err := New(Options{Dir: dir})
	if err != nil {
		return err
	}
	defer d.Close()
	if got := list(t, d); !reflect.DeepEqual(got, want) {
		return fmt.Errorf("\ngot  %+v\nwant %+v", got, want)
	}
	if !write {
		return nil
	}
	if err := errors.Join(ensureNetwork(t.Context(), d), ensureMachine(t.Context(), d, "vm_after", 1)); err != nil {
		return err
	}
	again, err := New(Options{Dir: dir})
	if err != nil {
		return err
	}
	defer again.Close()
	if got, want := list(t, again), list(t, d); !reflect.DeepEqual(got, want) {
		return fmt.Errorf("after writing:\ngot  %+v\nwant %+v", got, want)
	}
	return nil
}

// After a power cut, the last block of a file may be full of anything.
func TestJournalEndsInRubbish(t *testing.T) {
	t.Parallel()
	journal, after := history(t)
	for name, rubbish := range map[string]string{
		"zeros": strings.Repeat("\x00", 4096), "zeros and a line end": strings.Repeat("\x00", 100) + "\n",
		"wrong checksum": `{"sum":1,"change":{"networks":{"cs_1":null}}}` + "\n", "no checksum": `{"change":{"networks":{"cs_1":null}}}` + "\n",
	} {
		d := open(t, writeJournal(t, append(bytes.Clone(journal), rubbish...)))
		if got, want := list(t, d), after[len(after)-1]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
		if err := ensureMachine(t.Context(), d, "vm_after", 1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is damaged in the middle was once good: going on without it would be to forget in silence.
func TestJournalDamagedInTheMiddle(t *testing.T) {
	t.Parallel()
	journal, _ := history(t)
	lines := bytes.SplitAfter(journal, []byte{'\n'})
	for i := 1; i < len(lines)-2; i++ {
		damaged := bytes.Join(lines[:i], nil)
		damaged = append(damaged, bytes.Replace(lines[i], []byte(`_`), []byte(`-`), 1)...)
		damaged = append(damaged, bytes.Join(lines[i+1:], nil)...)
		if d, err := New(Options{Dir: writeJournal(t, damaged)}); err == nil {
			_ = d.Close()
			t.Errorf("damage in line %d went unnoticed", i+1)
		}
	}
	for name, text := range map[string]string{"another format": `{"format":"demarc-simulated/2"}` + "\n", "no journal at all": "hello\n"} {
		if d, err := New(Options{Dir: writeJournal(t, []byte(text))}); err == nil {
			_ = d.Close()
			t.Errorf("%s was taken", name)
		}
	}
}

func TestJournalEmptied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir)
	if err := ensureNetwork(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, journalName), 0); err != nil {
		t.Fatal(err)
	}
	if n := len(list(t, d).Networks); n != 0 {
		t.Error("it remembers what is gone")
	}
	if err := ensureNetwork(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if n := len(list(t, open(t, dir)).Networks); n != 1 {
		t.Error("the new journal is not good")
	}
}

// The disk refuses a write: nothing has changed, and when it takes writes again, things go on.
func TestDiskRefusesWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := open(t, dir)
	if err := ensureNetwork(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	writable := d.store.file
	readOnly, err := os.Open(d.store.journal())
	if err != nil {
		t.Fatal(err)
	}
	d.store.file = readOnly
	if err := ensureMachine(t.Context(), d, "vm_1", 1); !hypervisor.IsTemporary(err) {
		t.Errorf("got %v", err)
	}
	if n := len(list(t, d).Machines) + len(list(t, open(t, dir)).Machines); n != 0 {
		t.Error("the machine exists")
	}
	d.store.file = writable
	if err := errors.Join(readOnly.Close(), ensureMachine(t.Context(), d, "vm_1", 1)); err != nil {
		t.Error(err)
	}
}

func TestJournalIsRewritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	a.store.slack, b.store.slack = 20, 20
	if err := ensureNetwork(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := ensureMachine(t.Context(), a, "vm_1", 1); err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range 200 {
		d := a
		if i%3 == 0 {
			d = b
		}
		if err := ensureMachine(t.Context(), d, "vm_1", 1+i%2*3+i%5); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(dir, journalName))
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, bytes.Count(text, []byte{'\n'}))
		if got, want := list(t, a), list(t, b); !reflect.DeepEqual(got, want) {
			t.Fatalf("two drivers differ:\n%+v\n%+v", got, want)
		}
	}
	if most > 40 {
		t.Errorf("the journal had %d lines for two objects", most)
	}
	if got, want := list(t, open(t, dir)), list(t, a); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

const (
	victimFolder = "DEMARC_TEST_VICTIM_FOLDER"
	victimName   = "DEMARC_TEST_VICTIM_NAME"
)

// TestVictim is a process that TestKilledProcesses kills. It makes and deletes machines, and says so: "+ id" when one is there,
// "? id" before it deletes one, "- id" when that is gone.
func TestVictim(t *testing.T) {
	dir, name := os.Getenv(victimFolder), os.Getenv(victimName)
	if dir == "" {
		return // it is for a child of TestKilledProcesses
	}
	d := open(t, dir)
	d.store.slack = 3 // most kills shall find a journal being rewritten
	if err := ensureNetwork(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	say := func(word, id string) {
		if _, err := fmt.Fprintln(os.Stdout, word, id); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("vm_%s_%d", name, i)
		if err := ensureMachine(t.Context(), d, id, 1); err != nil {
			t.Fatal(err)
		}
		say("+", id)
		if i%3 != 0 {
			say("?", id)
			if err := d.DeleteMachine(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			say("-", id)
		}
	}
}

// Processes that share the books are killed without notice, again and again: whatever they had an answer for has been done,
// and the others do not even notice.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	witness := open(t, dir)
	var mu sync.Mutex
	there := map[string]bool{} // by id; missing where the answer got lost
	var wg sync.WaitGroup
	for n := range 3 {
		wg.Go(func() {
			for round := range 6 {
				said, err := kill(t, dir, fmt.Sprintf("%d_%d", n, round), 1+rand.IntN(40))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for id, exists := range said {
					there[id] = exists
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for name, d := range map[string]*Driver{"a driver that was there all along": witness, "a new driver": open(t, dir)} {
		have, addresses := map[string]bool{}, map[netip.Addr]bool{}
		for _, m := range list(t, d).Machines {
			have[m.ID] = true
			if addresses[m.IP] {
				t.Errorf("%s: two machines have %v", name, m.IP)
			}
			addresses[m.IP] = true
		}
		made := 0
		for id, want := range there {
			if have[id] != want {
				t.Errorf("%s: %s is there: %v, want %v", name, id, have[id], want)
			}
			if want {
				made++
			}
		}
		if made < 18 {
			t.Errorf("only %d machines: too few to prove anything", made)
		}
	}
	if err := ensureMachine(t.Context(), witness, "vm_last", 1); err != nil {
		t.Error(err)
	}
}

// kill runs a victim until it has said some lines, kills it, and returns which machines exist according to all that it said.
func kill(t *testing.T, dir, name string, lines int) (map[string]bool, error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victimFolder+"="+dir, victimName+"="+name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	said := map[string]bool{}
	var other []string
	// The last line may be cut off: the scanner would hand it out all the same, and a part of an id is another id.
	r := bufio.NewReader(out)
	for n := 0; ; n++ {
		text, err := r.ReadString('\n')
		if err != nil {
			break
		}
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				return nil, err
			}
		}
		word, id, _ := strings.Cut(strings.TrimSpace(text), " ")
		switch word {
		case "+":
			said[id] = true
		case "?":
			delete(said, id)
		case "-":
			said[id] = false
		default:
			other = append(other, text)
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		return nil, fmt.Errorf("the victim ended by itself (%w): %v", err, other)
	}
	return said, nil
}

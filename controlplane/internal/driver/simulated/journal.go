package simulated

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

// The books of a location are a journal of JSON lines, one for each change, with a checksum. A change counts from when its line
// is on the disk in full. Processes that share the folder take turns by a lock on a file of its own, and first read what the
// others have appended. When most lines have been superseded, the journal is written anew, beside the old one, and takes its
// name; the others notice that the name stands for another file.
//
// So a process can be killed anywhere: a line cut short is the last one, and the next writer cuts it off; a new journal that did
// not get its name yet is overwritten by the next.
const (
	journalName = "journal.jsonl"
	lockName    = "lock"
	formatV1    = "demarc-simulated/1"

	// defaultSlack is how many superseded lines a small journal may have.
	defaultSlack = 1000
)

var checksums = crc32.MakeTable(crc32.Castagnoli)

// A line is one line of the journal. The first has the format alone.
type line struct {
	Format string          `json:"format,omitempty"`
	Sum    uint32          `json:"sum,omitempty"` // of Change as it stands there
	Change json.RawMessage `json:"change,omitempty"`
}

// A store is the books of a location: the journal on the disk, and in memory what it adds up to.
type store struct {
	dir   string
	slack int

	mu     sync.Mutex
	closed bool
	file   *os.File    // nil until there is a journal
	info   os.FileInfo // tells file from a later one of its name
	size   int64       // how much of file is in state
	lines  int         // how many changes that are
	state  *state
}

// openStore reads what there is, so that damage is found at once.
func openStore(dir string) (*store, error) {
	s := &store{dir: dir, slack: defaultSlack, state: newState()}
	if err := s.read(func(*state) error { return nil }); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *store) journal() string { return filepath.Join(s.dir, journalName) }

func (s *store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.forget()
}

// read shows the state as it is now. look must keep nothing of it and change nothing in it.
func (s *store) read(look func(*state) error) error {
	return s.locked(syscall.LOCK_SH, func() error { return look(s.state) })
}

// update makes the change that plan finds to be needed, if any. When it returns nil the change is on the disk.
func (s *store) update(plan func(*state) (change, error)) error {
	return s.locked(syscall.LOCK_EX, func() error {
		todo, err := plan(s.state)
		if err != nil || todo.empty() {
			return err
		}
		if s.size == 0 {
			if err := s.rewrite(); err != nil {
				return broken(err)
			}
		}
		if err := s.append(todo); err != nil {
			return broken(err)
		}
		if s.lines > s.slack+4*s.state.objects() {
			// The change itself is done. If there is no room for a second journal, the next change tries again.
			_ = s.rewrite()
		}
		return nil
	})
}

// locked calls fn while no other process has the folder, or no other process writes to it, with the state up to date.
func (s *store) locked(how int, fn func() error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return hypervisor.TemporaryFailure("the driver is closed")
	}
	lock, err := lockFolder(s.dir, how)
	if err != nil {
		return broken(err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // which releases it
	if err := s.catchUp(how == syscall.LOCK_EX); err != nil {
		return err
	}
	return fn()
}

// broken is the error of a disk that is full or the like: it may be well again later.
func broken(err error) error { return hypervisor.TemporaryFailure("books: %w", err) }

// lockFolder makes the folder if need be and locks it until the file is closed. Another process may have removed the folder and
// made it again, so what has been locked must still be what stands there.
func lockFolder(dir string, how int) (*os.File, error) {
	name := filepath.Join(dir, lockName)
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if errors.Is(err, fs.ErrNotExist) {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := flock(f, how); err != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
		}
		mine, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Stat(name); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

func flock(f *os.File, how int) error {
	for {
		// A signal to the process interrupts the wait.
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// catchUp takes in what has been appended since, by this process or another; from the start if the journal is another file. A
// writer also cuts off what is left of a line that was never finished.
func (s *store) catchUp(writer bool) error {
	there, err := os.Stat(s.journal())
	if errors.Is(err, fs.ErrNotExist) {
		return s.forget()
	}
	if err != nil {
		return broken(err)
	}
	if s.file == nil || !os.SameFile(s.info, there) || there.Size() < s.size {
		if err := s.forget(); err != nil {
			return err
		}
		f, err := os.OpenFile(s.journal(), os.O_RDWR, 0)
		if err != nil {
			return broken(err)
		}
		s.file, s.info = f, there
	}
	if there.Size() == s.size {
		return nil
	}
	if err := s.takeIn(there.Size()); err != nil {
		// Nothing may be built on what has been read in part.
		return errors.Join(err, s.forget())
	}
	if writer && s.size < there.Size() {
		if err := s.file.Truncate(s.size); err != nil {
			return broken(err)
		}
	}
	return nil
}

// takeIn applies the lines from s.size to end, leaving out a last one that was cut short.
func (s *store) takeIn(end int64) error {
	r := bufio.NewReaderSize(io.NewSectionReader(s.file, s.size, end-s.size), 1<<16)
	for {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(err)
		}
		last := s.size+int64(len(text)) == end
		if s.size == 0 {
			var l line
			if err := json.Unmarshal(text, &l); err != nil || l.Format != formatV1 {
				return fmt.Errorf("%s is not of the format %s", s.journal(), formatV1)
			}
		} else {
			c, err := decode(text)
			if err != nil && last {
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s is damaged at byte %d: %w", s.journal(), s.size, err)
			}
			s.state.apply(c)
			s.lines++
		}
		s.size += int64(len(text))
	}
}

func decode(text []byte) (change, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return change{}, err
	}
	if crc32.Checksum(l.Change, checksums) != l.Sum {
		return change{}, errors.New("wrong checksum")
	}
	var c change
	return c, json.Unmarshal(l.Change, &c)
}

func encode(c change) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	text, err = json.Marshal(line{Sum: crc32.Checksum(text, checksums), Change: text})
	return append(text, '\n'), err
}

// append writes one change to the disk, then into the state.
func (s *store) append(c change) error {
	text, err := encode(c)
	if err != nil {
		return err
	}
	_, err = s.file.WriteAt(text, s.size)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		// If this fails too, the line is either cut short, or it is a change that was made without an answer: temporary errors
		// leave that open.
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.state.apply(c)
	s.size += int64(len(text))
	s.lines++
	return nil
}

// rewrite replaces the journal by one that only has what is in the state.
func (s *store) rewrite() error {
	name := s.journal()
	f, err := os.OpenFile(name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	size, err := s.writeAll(f)
	if err == nil {
		err = f.Sync()
	}
	var info os.FileInfo
	if err == nil {
		info, err = f.Stat()
	}
	if err == nil {
		err = os.Rename(name+".new", name)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	var old error
	if s.file != nil {
		old = s.file.Close()
	}
	s.file, s.info, s.size, s.lines = f, info, size, s.state.objects()
	return errors.Join(old, syncFolder(s.dir))
}

func (s *store) writeAll(f *os.File) (int64, error) {
	var size int64
	w := bufio.NewWriterSize(f, 1<<16)
	put := func(text []byte, err error) error {
		size += int64(len(text))
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	head, err := json.Marshal(line{Format: formatV1})
	if err := put(append(head, '\n'), err); err != nil {
		return 0, err
	}
	// Networks first: what is applied later refers to them.
	for _, id := range slices.Sorted(maps.Keys(s.state.networks)) {
		row := s.state.networks[id]
		if err := put(encode(change{Networks: map[string]*networkRow{id: &row}})); err != nil {
			return 0, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.state.machines)) {
		row := s.state.machines[id]
		if err := put(encode(change{Machines: map[string]*machineRow{id: &row}})); err != nil {
			return 0, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.state.volumes)) {
		row := s.state.volumes[id]
		if err := put(encode(change{Volumes: map[string]*volumeRow{id: &row}})); err != nil {
			return 0, err
		}
	}
	return size, w.Flush()
}

// forget is the state of a folder without a journal.
func (s *store) forget() error {
	var err error
	if s.file != nil {
		err = s.file.Close()
	}
	s.file, s.info, s.size, s.lines, s.state = nil, nil, 0, 0, newState()
	return err
}

// replaceFile writes a file so that whoever reads it sees the old contents or the new, even after a crash.
func replaceFile(name string, text []byte) error {
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(text))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

// syncFolder makes a rename last through a crash of the machine.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

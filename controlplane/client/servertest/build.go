package servertest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// commands is where the programs of the control plane are.
const commands = "github.com/demarc/demarc/controlplane/cmd/"

// Binary returns the path of the server binary, building it at the first call if DEMARC_TEST_SERVER_BIN is not set.
func Binary() (string, error) {
	if bin := os.Getenv(EnvBinary); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			return "", fmt.Errorf("%s: %w", EnvBinary, err)
		}
		return filepath.Abs(bin)
	}
	return Command("demarc-server")
}

// builds holds, by name, a function that builds a command once.
var builds sync.Map

// Command builds a program of the control plane (demarc, demarc-server) once per process and returns its path.
func Command(name string) (string, error) {
	once, _ := builds.LoadOrStore(name, sync.OnceValues(func() (string, error) { return build(name) }))
	return once.(func() (string, error))()
}

func build(name string) (string, error) {
	controlplane, err := findSource()
	if err != nil {
		return "", err
	}
	// One folder per user and checkout, so that runs do not pile up binaries; open to all, because the server
	// starts itself again as an unprivileged user.
	key := sha256.Sum256([]byte(controlplane))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("demarc-servertest-%d-%x", os.Getuid(), key[:4]))
	if err := ownFolder(dir); err != nil {
		return "", err
	}
	// Renamed into place: another test process may be running the present one.
	fresh, err := os.MkdirTemp(dir, "build")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	out := filepath.Join(fresh, name)
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", out, commands+name)
	cmd.Dir = controlplane
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", commands+name, err, msg)
	}
	bin := filepath.Join(dir, name)
	return bin, os.Rename(out, bin)
}

// findSource returns the folder of the module controlplane: above this file or, in a binary built with -trimpath,
// beside the go.work above the working folder.
func findSource() (string, error) {
	if _, file, _, ok := runtime.Caller(0); ok {
		dir := filepath.Join(filepath.Dir(file), "..", "..")
		if isFile(filepath.Join(dir, "cmd", "demarc-server", "main.go")) {
			return dir, nil
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if isFile(filepath.Join(dir, "go.work")) {
			return filepath.Join(dir, "controlplane"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("the source of demarc-server is not found; set " + EnvBinary)
		}
	}
}

// ownFolder makes a folder that nobody else can have prepared.
func ownFolder(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || !ownedByUs(info) || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s exists and is not a folder of this user alone", dir)
	}
	return nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

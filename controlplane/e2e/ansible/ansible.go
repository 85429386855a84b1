// Package ansible runs playbooks with the collection of this repository.
package ansible

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/demarc/demarc/controlplane/e2e/checkout"
)

// CLI is an Ansible command line.
type CLI struct {
	// Path of ansible-playbook.
	Path string
	// Collections is the folder with ansible_collections in it: the top of the repository.
	Collections string
	// Home is where Ansible keeps what it needs between runs.
	Home string
	// Env is added to the environment of each run.
	Env []string
}

// New returns the command line of this checkout, which keeps its things in dir.
func New(root, dir string) (*CLI, error) {
	path, err := checkout.Tool(root, "ansible-playbook")
	if err != nil {
		return nil, err
	}
	return &CLI{Path: path, Collections: root, Home: filepath.Join(dir, "ansible")}, nil
}

// Play runs a playbook, with what it prints written to out, and returns how many of its tasks changed something.
func (c *CLI) Play(ctx context.Context, playbook string, out io.Writer) (changed int, err error) {
	if err := os.MkdirAll(c.Home, 0o755); err != nil {
		return 0, err
	}
	// A configuration file of the user's must not change what is shown, so there is an empty one.
	config := filepath.Join(c.Home, "ansible.cfg")
	if err := os.WriteFile(config, nil, 0o644); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, c.Path, playbook)
	cmd.Dir = filepath.Dir(playbook)
	cmd.Env = checkout.Environment(append([]string{
		"ANSIBLE_COLLECTIONS_PATH=" + c.Collections, "ANSIBLE_CONFIG=" + config, "ANSIBLE_HOME=" + c.Home,
		"ANSIBLE_LOCALHOST_WARNING=false", "ANSIBLE_INVENTORY_UNPARSED_WARNING=false",
		"ANSIBLE_NOCOWS=1", "ANSIBLE_NOCOLOR=1", "ANSIBLE_DISPLAY_SKIPPED_HOSTS=false",
	}, c.Env...)...)
	var printed bytes.Buffer
	w := io.MultiWriter(&printed, out)
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("ansible-playbook: %w", err)
	}
	return changes(printed.Bytes())
}

// recap is the line in which ansible-playbook sums up one host.
var recap = regexp.MustCompile(`ok=\d+\s+changed=(\d+)`)

// changes adds up how many tasks changed something, over all hosts.
func changes(printed []byte) (sum int, err error) {
	hosts := recap.FindAllSubmatch(printed, -1)
	if len(hosts) == 0 {
		return 0, errors.New("ansible-playbook printed no recap")
	}
	for _, host := range hosts {
		n, err := strconv.Atoi(string(host[1]))
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

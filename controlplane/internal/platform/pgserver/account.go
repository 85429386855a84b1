// The user that PostgreSQL runs as. PostgreSQL refuses to run as root, and rightly.

package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the present user, or, for root, an unprivileged one.
type account struct {
	name     string
	switched bool
	uid, gid uint32 // if switched
}

// accountFor chooses the owner of a cluster that exists, else postgres, else nobody. Without root there is no choice.
func accountFor(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "the present user"}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
			name := strconv.Itoa(int(owner.Uid))
			if u, err := user.LookupId(name); err == nil {
				name = u.Username
			}
			return account{name: name, uid: owner.Uid, gid: owner.Gid, switched: true}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil && uid != 0 {
			return account{name: name, uid: uint32(uid), gid: uint32(gid), switched: true}, nil
		}
	}
	return account{}, errors.New("PostgreSQL does not run as root, and the system has neither a user postgres nor a user nobody")
}

// Reachable says whether PostgreSQL, as the user that Start would run it as, could have its folder in dir.
func Reachable(dir string) error {
	a, err := accountFor("")
	if err != nil {
		return err
	}
	return a.reach(dir)
}

// reach tries it out: permission bits are not the whole story.
func (a account) reach(dir string) error {
	if !a.switched {
		return nil
	}
	cmd := a.command("/bin/sh", "-c", ":")
	cmd.Dir = dir
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("PostgreSQL would run as the user %s, who cannot reach %s: %w", a.name, dir, err)
	}
	return nil
}

func (a account) command(program string, args ...string) *exec.Cmd {
	return a.commandContext(context.Background(), program, args...)
}

// commandContext prepares a program to run as the account, in a process group of its own, so that the terminal's Ctrl-C
// reaches this program alone, and with an environment that tells it nothing of ours: settings may hold secrets.
func (a account) commandContext(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if a.switched {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return cmd
}

// own gives a folder and all that is in it to the account.
func (a account) own(dir string) error {
	if !a.switched {
		return nil
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if info.Sys().(*syscall.Stat_t).Uid == a.uid {
		return nil // the folder itself is given last, so it stands for the rest
	}
	var dirs []string
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			dirs = append(dirs, path)
			return err
		}
		return os.Lchown(path, int(a.uid), int(a.gid))
	})
	for i := len(dirs) - 1; i >= 0 && err == nil; i-- {
		err = os.Lchown(dirs[i], int(a.uid), int(a.gid))
	}
	return err
}

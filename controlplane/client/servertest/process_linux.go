package servertest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// startWithParent starts cmd so that it is stopped if this process dies without a cleanup (a test time-out, ^C), and
// calls ended with its result. The signal comes when the starting thread ends, so that thread is kept until then.
func startWithParent(cmd *exec.Cmd, ended func(error)) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended(cmd.Wait())
		}
	}()
	return <-started
}

func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}

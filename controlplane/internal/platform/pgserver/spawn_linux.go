// A child that ends with its parent: the kernel's way.

package pgserver

import (
	"os/exec"
	"runtime"
	"syscall"
)

// spawn starts a program that the kernel sends SIGINT, PostgreSQL's fast shutdown, when this process ends.
//
// "Ends" is said of the thread that started it, so one thread is set apart for the child's whole life.
func spawn(cmd *exec.Cmd) (*child, error) {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread goes with the goroutine
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		c.pid = cmd.Process.Pid
		started <- nil
		c.err = cmd.Wait()
		close(c.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

//go:build !linux

// Finding a cluster's processes where there is no /proc: by the number in postmaster.pid, and the command line of the
// process that has it.

package pgserver

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
)

// clusterProcesses returns the postmaster, if the process with its number is this cluster's: it was started with -D.
func clusterProcesses(data string, postmaster int) []int {
	if postmaster == 0 {
		return nil
	}
	out, err := exec.CommandContext(context.Background(), "/bin/ps", "-o", "command=", "-p", strconv.Itoa(postmaster)).Output()
	if err != nil || !strings.Contains(string(out), " -D "+data+" ") {
		return nil
	}
	return []int{postmaster}
}

// Finding a cluster's processes by /proc: PostgreSQL's processes all work in the data folder.

package pgserver

import (
	"os"
	"path/filepath"
	"strconv"
)

// clusterProcesses returns the processes that work on the cluster. The number in postmaster.pid alone proves nothing.
func clusterProcesses(data string, _ int) []int {
	// Without any /proc nothing is found, and PostgreSQL's own checks decide.
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if cwd, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd")); err == nil && cwd == data {
			pids = append(pids, pid)
		}
	}
	return pids
}

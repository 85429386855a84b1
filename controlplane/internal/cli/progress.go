package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/demarc/demarc/controlplane/client"
)

// progress shows how far an operation is: one line that changes on a terminal, elsewhere a line per change.
type progress struct {
	w        io.Writer
	terminal bool
	last     string
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	return p
}

func (p *progress) show(o *client.Operation) {
	line := fmt.Sprintf("%s %s", o.Action, o.State)
	if o.TotalSteps > 0 {
		line += fmt.Sprintf(" %d/%d", o.CompletedSteps, o.TotalSteps)
	}
	if o.CurrentStep != "" {
		line += " " + o.CurrentStep
	}
	if line = printable(line); line == p.last {
		return
	}
	p.last = line
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.w, line)
}

// end leaves the terminal's line free for what comes next.
func (p *progress) end() {
	if p.terminal && p.last != "" {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// Bench measures what users wait for most, against the least that it could take on the same machine in the same run, and
// writes the results beside itself and into the README:
//
//	go run ./controlplane/e2e/bench [-readme README.md] [-size 1000] [-rounds 3]
//
// Absolute times say something about one machine; the ratios are what to compare.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
)

// Result is one line of results.json.
type Result struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	// Value is what was measured, Floor the least that it could be, Ratio the one over the other.
	Value float64 `json:"value"`
	Floor float64 `json:"floor"`
	Ratio float64 `json:"ratio"`
	// Target is the ratio that must not be exceeded; null where none is set.
	Target *float64 `json:"target"`
	OK     bool     `json:"ok"`
	// What the floor is, for the table.
	against string
}

// result rounds what was measured: the digits after that mean nothing. Without a target, it is as it is.
func result(name, unit string, value, floor float64, against string) Result {
	round := func(x float64, to float64) float64 { return math.Round(x*to) / to }
	return Result{
		Name: name, Unit: unit, Value: round(value, 1000), Floor: round(floor, 1000), Ratio: round(value/floor, 100),
		OK: true, against: against,
	}
}

func main() {
	readme := flag.String("readme", "", "file whose table is to be renewed")
	size := flag.Int("size", 1000, "number of resources")
	rounds := flag.Int("rounds", 3, "how often each is measured; the best counts")
	database := flag.String("bare", "", "serve as the floor of reads, from that database; for the benchmark itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *database != "" {
		if err := bare(ctx, *database); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx, *readme, *size, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, readme string, size, rounds int) (err error) {
	root, err := checkout.Root()
	if err != nil {
		return err
	}
	programs, err := checkout.Build(ctx, root)
	if err != nil {
		return err
	}
	if err := os.Setenv(servertest.EnvBinary, programs.Server); err != nil {
		return err
	}
	reading, err := reads(ctx, programs, rounds)
	if err != nil {
		return err
	}
	server, err := servertest.Launch()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	results, about, err := planUnchanged(ctx, root, programs, server, size, rounds)
	if err != nil {
		return err
	}
	results = append(results, reading...)
	b, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(root, "controlplane", "e2e", "bench", "results.json")
	if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
		return err
	}
	show(results)
	for _, r := range results {
		if !r.OK {
			err = errors.Join(err, fmt.Errorf("%s: ratio %.2f is above its target %.2f", r.Name, r.Ratio, *r.Target))
		}
	}
	if err == nil && readme != "" {
		err = renew(readme, table(results, fmt.Sprintf("%s, %d cores, %s", about, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))))
	}
	return err
}

// show prints the results for people.
func show(results []Result) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "what\tvalue\tfloor\tratio\ttarget")
	for _, r := range results {
		target := "-"
		if r.Target != nil {
			target = fmt.Sprintf("%.2f", *r.Target)
		}
		fmt.Fprintf(w, "%s\t%.2f %s\t%.2f %s\t%.2f\t%s\n", r.Name, r.Value, r.Unit, r.Floor, r.Unit, r.Ratio, target)
	}
	w.Flush()
}

// The table stands between these lines.
const (
	begin = "<!-- make bench: begin -->\n"
	end   = "<!-- make bench: end -->\n"
)

func table(results []Result, about string) string {
	var b strings.Builder
	b.WriteString("| what | measured | the least possible | ratio |\n|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %.2f %s | %.2f %s: %s | %.2f |\n", r.Name, r.Value, r.Unit, r.Floor, r.Unit, r.against, r.Ratio)
	}
	fmt.Fprintf(&b, "\n%s.\n", about)
	return b.String()
}

// renew replaces what stands between the markers of a file.
func renew(file, text string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	renewed, err := between(string(b), text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(renewed), 0o644)
}

func between(whole, text string) (string, error) {
	head, rest, ok1 := strings.Cut(whole, begin)
	_, foot, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return "", errors.New("the markers of the table are missing")
	}
	return head + begin + text + end + foot, nil
}

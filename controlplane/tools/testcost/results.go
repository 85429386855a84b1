package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// suite is the tests of one part as they went.
type suite struct {
	wall  float64          // seconds from the first to the last
	tests map[test]float64 // the seconds that each was busy, beside others
}

// test is a test by its full name, and the package or class that it is in.
type test struct{ in, name string }

// part divides the time among the tests that grow with the kinds and those that do not: several run beside each other, so what counts is
// how busy each was.
func (s *suite) part(name string, kinds []string) part {
	var busy, growing float64
	for t, seconds := range s.tests {
		busy += seconds
		if grows(t.name, kinds) {
			growing += seconds
		}
	}
	p := part{name: name, all: s.wall}
	if busy > 0 {
		p.growing = s.wall * growing / busy
	}
	return p
}

// everyKind is what the name of a test says that tries all kinds at once. TestSecurity tries every operation of every kind.
var everyKind = regexp.MustCompile(`EveryKind|every_kind|TestSecurity$`)

// segment is what the name of a test is made of; Go's has slashes, pytest's brackets.
var segment = regexp.MustCompile(`[^/\[\]]+`)

func grows(name string, kinds []string) bool {
	return everyKind.MatchString(name) || slices.ContainsFunc(segment.FindAllString(name, -1), func(s string) bool { return slices.Contains(kinds, s) })
}

// goTests reads the events that gotestsum records.
func goTests(file string) (*suite, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := &suite{tests: map[test]float64{}}
	var first, last time.Time
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e struct {
			Time                  time.Time
			Action, Package, Test string
			Elapsed               float64
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if !e.Time.IsZero() {
			if first.IsZero() {
				first = e.Time
			}
			last = e.Time
		}
		if e.Test != "" && (e.Action == "pass" || e.Action == "fail") {
			s.tests[test{e.Package, e.Test}] = e.Elapsed
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(s.tests) == 0 {
		return nil, fmt.Errorf("%s has no test", file)
	}
	s.wall = last.Sub(first).Seconds()
	// A test that has others in it was busy with them.
	for t := range s.tests {
		for i, c := range t.name {
			if c == '/' {
				delete(s.tests, test{t.in, t.name[:i]})
			}
		}
	}
	return s, nil
}

// pytests reads a report in the form of JUnit.
func pytests(file string) (*suite, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var report struct {
		Suites []struct {
			Time  float64 `xml:"time,attr"`
			Cases []struct {
				Class string  `xml:"classname,attr"`
				Name  string  `xml:"name,attr"`
				Time  float64 `xml:"time,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b, &report); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s := &suite{tests: map[test]float64{}}
	for _, of := range report.Suites {
		s.wall += of.Time
		for _, c := range of.Cases {
			s.tests[test{c.Class, c.Name}] += c.Time
		}
	}
	if len(s.tests) == 0 {
		return nil, fmt.Errorf("%s has no test", file)
	}
	return s, nil
}

// sanity reads how long Ansible's sanity tests took. They look at one file after another: what grows is the modules among them. That is an upper
// bound, since starting the tools takes as long for any number of files.
func sanity(file, collection string) (part, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return part{}, err
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(b)), 64)
	if err != nil {
		return part{}, fmt.Errorf("%s: %w", file, err)
	}
	var files, modules int
	err = filepath.WalkDir(collection, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".py") {
			files++
			if filepath.Base(filepath.Dir(path)) == "modules" {
				modules++
			}
		}
		return err
	})
	if err != nil {
		return part{}, err
	}
	if modules == 0 {
		return part{}, fmt.Errorf("%s has no modules", collection)
	}
	return part{"Ansible's sanity tests", seconds, seconds * float64(modules) / float64(files)}, nil
}

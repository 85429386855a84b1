// Testcost prints what the tests of each part cost, how much of it one more kind adds, and what a hundred kinds would take. It reads what
// `make test` has recorded.
//
//	testcost -catalog FILE -collection FOLDER RESULTS
//
// A test that grows with the kinds is known by its name: it has the name of a kind in it, or says that it is about every kind. No time is
// too long, since that depends on the machine; but results that are missing, or a part that tries every kind and has no such test, are an error.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// many is the number of kinds that the tests must stay affordable for.
const many = 100

func main() {
	catalog := flag.String("catalog", "", "the catalog, for the names of the kinds")
	collection := flag.String("collection", "", "folder of the Ansible collection, for the files of which a kind adds some")
	flag.Parse()
	if err := run(os.Stdout, *catalog, *collection, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "testcost:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, catalog, collection string, args []string) error {
	if catalog == "" || collection == "" || len(args) != 1 {
		return fmt.Errorf("usage: testcost -catalog FILE -collection FOLDER RESULTS")
	}
	kinds, err := managed(catalog)
	if err != nil {
		return err
	}
	results := args[0]
	var parts []part
	for _, of := range []struct {
		name, file string
		read       func(string) (*suite, error)
		everyKind  bool
	}{
		{"tools", "tests-tools.json", goTests, false},
		{"Go client", "tests-client.json", goTests, false},
		{"server", "tests-controlplane.json", goTests, true},
		{"Terraform", "tests-provider.json", goTests, true},
		{"command line, end to end", "tests-e2e.json", goTests, true},
		{"Ansible", "tests-ansible.xml", pytests, true},
	} {
		tests, err := of.read(filepath.Join(results, of.file))
		if err != nil {
			return err
		}
		p := tests.part(of.name, kinds)
		if of.everyKind && p.growing == 0 {
			return fmt.Errorf("%s: no test is about every kind: are they called otherwise now?", of.file)
		}
		parts = append(parts, p)
	}
	sanity, err := sanity(filepath.Join(results, "tests-sanity.seconds"), collection)
	if err != nil {
		return err
	}
	print(out, append(parts, sanity), len(kinds))
	return nil
}

// managed are the names of the kinds that clients manage.
func managed(file string) ([]string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var c struct {
		Kinds []struct {
			Name    string
			Managed bool
		}
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var names []string
	for _, k := range c.Kinds {
		if k.Managed {
			names = append(names, k.Name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no kind that is managed", file)
	}
	return names, nil
}

// part is what one part of the tests has cost, in seconds.
type part struct {
	name    string
	all     float64
	growing float64 // how much of it grows with the kinds
}

// print writes the table: of all parts, and of all together.
func print(out io.Writer, parts []part, kinds int) {
	fmt.Fprintf(out, "\n%-26s %8s %8s %10s   (seconds)\n", fmt.Sprintf("%d kinds", kinds), "all", "a kind", fmt.Sprintf("%d kinds", many))
	line := func(p part) {
		each := p.growing / float64(kinds)
		fmt.Fprintf(out, "%-26s %8.0f %8.2f %10.0f\n", p.name, p.all, each, p.all+each*float64(many-kinds))
	}
	var sum part
	for _, p := range parts {
		line(p)
		sum.all += p.all
		sum.growing += p.growing
	}
	sum.name = "together"
	line(sum)
}

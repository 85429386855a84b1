// Package contract turns the server's code into the contract's files: the types and comments of its packages become swagger.json
// (swag), that and the tables of kinds and operations become openapi.json, that becomes the catalog, and from that come the types
// of the Go SDK, the Ansible modules and the tables in the documentation.
//
// What swag loses in silence is caught on the way, and the rules of the contract that Go types cannot express are checked at the end;
// every fault is reported at once, with the place where it is mended.
package contract

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// faults collects what is wrong with the contract.
type faults []string

func (f *faults) addf(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// err is nil, or one error with a line for each fault.
func (f faults) err(stage string) error {
	if len(f) == 0 {
		return nil
	}
	sort.Strings(f)
	return errors.New(stage + ":\n  " + strings.Join(f, "\n  "))
}

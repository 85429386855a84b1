// Command example generates the collection in the folder that it is given.
package main

import (
	"log"
	"os"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/cmd/gen/ansible"
)

func main() {
	cat, err := catalog.Load()
	if err != nil {
		log.Fatal(err)
	}
	if err := ansible.Generate(cat, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

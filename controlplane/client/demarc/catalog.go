package demarc

import (
	"sync"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// contract is the catalog that these types were made from.
var contract = sync.OnceValue(func() *catalog.Catalog {
	c, err := catalog.Load()
	if err != nil {
		panic(err) // it is part of the program
	}
	return c
})

func kind(name string) *catalog.Kind { return contract().Kind(name) }

func operation(id string) *catalog.GeneralOperation { return contract().Operation(id) }

// Package demarc is the Go SDK of the control plane: for each kind of thing its types, and what can be done with it.
//
//	c, err := client.New(client.Config{Endpoint: "https://cloud.example.com", Token: token})
//	machines := demarc.VirtualMachines(c)
//	machine, err := machines.Create(ctx, demarc.VirtualMachineCreate{…}, client.Wait())
//
// Of each kind there is what is answered (VirtualMachine), what one is made from (VirtualMachineCreate), a change of one (VirtualMachinePatch), what a
// list can be asked for (VirtualMachineQuery), and a function that returns what can be done (VirtualMachines): Get, List, Create, Patch, Delete, Resolve,
// Wait, the actions of the kind, and what it downloads, uploads, watches and reveals, as far as it has them. What a kind cannot do does not compile. How
// verbs behave, their options and their errors are described in package client.
//
// In an answer, what can be null is a pointer, and fields that are not known are ignored: the server may be newer. In a create, what may be left
// out has a zero value that says so. In a patch each field is a client.Optional. An enumeration that may get further values says it; the others are
// complete.
//
// The types are generated from the catalog, and are those of its version.
package demarc

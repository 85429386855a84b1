module github.com/demarc/demarc/controlplane/e2e

go 1.26.0

replace github.com/demarc/demarc/controlplane/client => ../client

require github.com/demarc/demarc/controlplane/client v0.0.0

require (
	github.com/demarc/demarc/controlplane v0.0.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.2
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/demarc/demarc/controlplane => ../

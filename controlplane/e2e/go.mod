module github.com/demarc/demarc/controlplane/e2e

go 1.26.0

replace github.com/demarc/demarc/controlplane/client => ../client

require (
	github.com/demarc/demarc/controlplane/client v0.0.0
	github.com/jackc/pgx/v5 v5.11.0
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/puddle/v2 v2.2.3 // indirect
	github.com/spf13/cobra v1.10.2 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

require (
	github.com/demarc/demarc/controlplane v0.0.0
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.2
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/demarc/demarc/controlplane => ../

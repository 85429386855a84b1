// Package api is the specification of the HTTP API, generated from the server's code.
package api

import _ "embed"

// OpenAPI is the specification, OpenAPI 3.0 as JSON.
//
//go:embed openapi.json
var OpenAPI []byte

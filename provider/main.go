// terraform-provider-demarc serves the provider to Terraform and OpenTofu.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"strings"

	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/demarc/demarc/provider/internal/provider"
)

// version is set by the linker at release.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger, and print how to attach Terraform")
	flag.Parse()
	quietFramework()
	p, err := provider.New(version)
	if err != nil {
		log.Fatal(err)
	}
	err = providerserver.Serve(context.Background(), func() fwprovider.Provider { return p },
		providerserver.ServeOpts{Address: provider.Address, Debug: *debug})
	if err != nil {
		log.Fatal(err)
	}
}

// quietFramework turns the framework's trace log off unless somebody asked for a log: it encodes every line and
// Terraform throws it away, which is a third of the time of a large plan.
func quietFramework() {
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, "TF_LOG") && value != "" && name != "TF_LOG_PATH" {
			return
		}
	}
	os.Setenv("TF_LOG_SDK", "OFF")
}

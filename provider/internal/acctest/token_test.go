package acctest

import (
	"net/http"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/provider/internal/coretest"
)

// TestServiceAccountToken opens a token, works with it, and closes it: then it is refused.
func TestServiceAccountToken(t *testing.T) {
	t.Parallel()
	account, err := fixture.Open(t, world.Client(t), world.Catalog, "api_token").Parent(t.Context(), "service_account")
	if err != nil {
		t.Fatal(err)
	}
	core := world.Core(t)
	open, diags := core.Open("demarc_service_account_token", map[string]any{"service_account_id": account, "lifetime": "10m"})
	if len(diags) > 0 {
		t.Fatal(coretest.Errors(diags))
	}
	token, _ := open.Result["token"].(string)
	api, err := client.New(client.Config{Endpoint: world.Endpoint, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := demarc.Whoami(t.Context(), api); err != nil {
		t.Fatal(err)
	}
	if diags := core.Close(open); len(diags) > 0 {
		t.Fatal(diags)
	}
	// Every node hears of it by a notification.
	for end := time.Now().Add(10 * time.Second); ; {
		_, err := demarc.Whoami(t.Context(), api)
		if p := client.AsProblem(err); p != nil && p.Status == http.StatusUnauthorized {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the token still works: %v", err)
		}
	}
}

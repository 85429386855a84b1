package servertest

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// envFake makes this test binary behave as demarc-server does towards whoever starts it; its value says how.
const envFake = "SERVERTEST_FAKE"

func TestMain(m *testing.M) {
	if how := os.Getenv(envFake); how != "" {
		os.Exit(fake(how))
	}
	os.Exit(m.Run())
}

func fake(how string) int {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := flags.String("listen", "", "")
	dir := flags.String("data-dir", "", "")
	flags.Bool("extra", false, "")
	_ = flags.Parse(os.Args[2:])
	fmt.Println("fake server: token in environment:", os.Getenv("DEMARC_TOKEN") != "")
	if how == "broken" {
		return 3
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, os.Getpid()) }))
	_ = os.WriteFile(filepath.Join(*dir, "bootstrap-token"), []byte("secret-1\n"), 0o600)
	_ = os.WriteFile(filepath.Join(*dir, "endpoint"), []byte("http://"+l.Addr().String()+"\n"), 0o644)
	<-stop
	if how == "stubborn" {
		return 4
	}
	return 0
}

func get(t *testing.T, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		res.Body.Close()
	}
	return err
}

func TestLifeCycle(t *testing.T) {
	t.Setenv(EnvBinary, os.Args[0])
	t.Setenv("DEMARC_TOKEN", "of the developer")
	var dir string
	t.Run("server", func(t *testing.T) {
		s := Start(t, WithEnv(envFake+"=1"), WithArgs("--extra"))
		dir = s.DataDir
		if s.Token != "secret-1" || get(t, s.Endpoint) != nil {
			t.Fatalf("endpoint %q, token %q", s.Endpoint, s.Token)
		}
		if !strings.Contains(s.Log(), "token in environment: false") {
			t.Errorf("the test's own DEMARC_ variables reach the server:\n%s", s.Log())
		}
		endpoint, pid := s.Endpoint, s.Pid()
		s.Kill()
		if get(t, endpoint) == nil {
			t.Error("it answers after Kill")
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		if s.Endpoint != endpoint || s.Pid() == pid || get(t, s.Endpoint) != nil {
			t.Errorf("after Restart: %s (was %s), pid %d (was %d)", s.Endpoint, endpoint, s.Pid(), pid)
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the data folder %s is left: %v", dir, err)
	}
}

func TestFailuresAreReported(t *testing.T) {
	t.Setenv(EnvBinary, os.Args[0])
	if _, err := Launch(WithEnv(envFake + "=broken")); err == nil || !strings.Contains(err.Error(), "exit status 3") ||
		!strings.Contains(err.Error(), "fake server") {
		t.Errorf("a server that does not start: %v", err)
	}
	s, err := Launch(WithEnv(envFake + "=stubborn"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("a server that ends badly: %v", err)
	}
	s, err = Launch(WithEnv(envFake + "=1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("a server that crashed: %v", err)
	}
	t.Setenv(EnvBinary, "/nowhere/demarc-server")
	if _, err := Launch(); err == nil || !strings.Contains(err.Error(), EnvBinary) {
		t.Errorf("a binary that does not exist: %v", err)
	}
}

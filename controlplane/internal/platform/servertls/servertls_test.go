package servertls_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/servertls"
)

// bench is a clock and a log for a source of certificates.
type bench struct {
	t   *testing.T
	clk *clock.Fake
	log bytes.Buffer
	dir string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{t: t, clk: clock.Frozen(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), dir: t.TempDir()}
}

func (b *bench) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&b.log, nil)) }

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// handshake is what a client with that configuration comes to.
func (b *bench) handshake(s *servertls.Source, client *tls.Config) (tls.ConnectionState, error) {
	b.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	defer listener.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			b.t.Error(err)
			return
		}
		_ = tls.Server(conn, s.Config()).HandshakeContext(b.t.Context())
		_ = conn.Close()
	}()
	defer func() { <-served }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	defer conn.Close()
	client.Time = b.clk.Now
	c := tls.Client(conn, client)
	err = c.HandshakeContext(b.t.Context())
	return c.ConnectionState(), err
}

// shown is the certificate that a client sees, whether it trusts it or not.
func (b *bench) shown(s *servertls.Source) *x509.Certificate {
	b.t.Helper()
	state, err := b.handshake(s, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return state.PeerCertificates[0]
}

func (b *bench) trusts(s *servertls.Source, ca []byte, name string) error {
	b.t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		b.t.Fatal("no certificate authority")
	}
	_, err := b.handshake(s, &tls.Config{RootCAs: pool, ServerName: name})
	return err
}

// pair writes a certificate and its key.
func (b *bench) pair(serial int64, notAfter time.Time) (certificate, key []byte) {
	b.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: b.clk.Now(), NotAfter: notAfter, DNSNames: []string{"x"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		b.t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		b.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func (b *bench) write(name string, content []byte) {
	b.t.Helper()
	if err := os.WriteFile(b.path(name), content, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) read(name string) []byte {
	b.t.Helper()
	content, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	return content
}

func TestFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	later := b.clk.Now().Add(time.Hour)
	certificate, key := b.pair(1, later)
	b.write("cert", certificate)
	b.write("key", key)
	s, err := servertls.FromFiles(b.path("cert"), b.path("key"), b.clk, b.logger())
	if err != nil {
		t.Fatal(err)
	}
	shows := func(when string, serial int64) {
		t.Helper()
		if got := b.shown(s).SerialNumber.Int64(); got != serial {
			t.Errorf("%s: certificate %d, want %d", when, got, serial)
		}
	}
	shows("at first", 1)

	second, secondKey := b.pair(2, later)
	b.write("cert", second)
	shows("at once", 1)
	for range 3 {
		b.clk.Advance(5 * time.Second)
		shows("the certificate without its key", 1)
	}
	if n := strings.Count(b.log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings, want one:\n%s", n, b.log.String())
	}
	b.write("key", secondKey)
	b.clk.Advance(5 * time.Second)
	shows("both", 2)

	for name, content := range map[string][]byte{"nothing": nil, "no PEM": []byte("certificate"), "a key": secondKey} {
		b.write("cert", content)
		b.clk.Advance(5 * time.Second)
		shows(name, 2)
	}
	if err := os.Remove(b.path("cert")); err != nil {
		t.Fatal(err)
	}
	b.clk.Advance(5 * time.Second)
	shows("no file", 2)
	b.write("cert", second)
	b.clk.Advance(5 * time.Second)
	shows("the same again", 2)

	// A clock that is put back does not keep the server from looking.
	third, thirdKey := b.pair(3, later)
	b.write("cert", third)
	b.write("key", thirdKey)
	b.clk.Advance(-time.Minute)
	shows("an earlier time", 3)
	if strings.Contains(b.log.String(), "PRIVATE") {
		t.Error("a key is in the log")
	}
}

func TestExpiredFilesAreToldOf(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	certificate, key := b.pair(1, b.clk.Now().Add(time.Hour))
	b.write("cert", certificate)
	b.write("key", key)
	b.clk.Advance(2 * time.Hour)
	if _, err := servertls.FromFiles(b.path("cert"), b.path("key"), b.clk, b.logger()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(b.log.String(), "level=WARN") {
		t.Errorf("the log is silent: %s", b.log.String())
	}
}

func TestUnusableFilesDoNotStart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	certificate, key := b.pair(1, b.clk.Now().Add(time.Hour))
	_, other := b.pair(2, b.clk.Now().Add(time.Hour))
	b.write("cert", certificate)
	b.write("key", key)
	b.write("other", other)
	for _, files := range [][2]string{{"cert", "other"}, {"cert", "none"}, {"key", "cert"}} {
		if _, err := servertls.FromFiles(b.path(files[0]), b.path(files[1]), b.clk, b.logger()); err == nil || strings.Contains(err.Error(), "BEGIN") {
			t.Errorf("%v: %v", files, err)
		}
	}
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	open := func() *servertls.Source {
		t.Helper()
		s, err := servertls.SelfSigned(b.dir, "10.1.2.3:8080", []string{"Cloud.example.com", "*.nodes.example.com", "fd00::1"}, b.clk, b.logger())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	ca := b.read("tls-ca.pem")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "10.1.2.3", "cloud.example.com", "a.nodes.example.com", "fd00::1", host} {
		if err := b.trusts(s, ca, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b.trusts(s, ca, "example.org") == nil {
		t.Error("it is for any name")
	}
	for name, mode := range map[string]os.FileMode{"tls-ca.pem": 0o644, "tls-ca-key.pem": 0o600} {
		if info, err := os.Stat(b.path(name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	leaf := b.shown(s)
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() || leaf.IsCA {
		t.Errorf("the key is a %T", leaf.PublicKey)
	}

	// The next start has the same authority.
	if again := open(); b.trusts(again, ca, "localhost") != nil || b.shown(again).Equal(leaf) {
		t.Error("a restart has another authority, or keeps the server's key")
	}
	if !bytes.Equal(ca, b.read("tls-ca.pem")) {
		t.Error("a restart changes the authority")
	}
}

func TestSelfSignedIsRenewed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, err := servertls.SelfSigned(b.dir, "", nil, b.clk, b.logger())
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	began, first, serials := b.clk.Now(), b.read("tls-ca.pem"), map[string]bool{}
	for b.clk.Now().Sub(began) < 9*365*day+120*day {
		if err := b.trusts(s, first, "localhost"); err != nil {
			t.Fatalf("after %v: %v", b.clk.Now().Sub(began), err)
		}
		serials[b.shown(s).SerialNumber.String()] = true
		b.clk.Advance(40 * day)
	}
	if n := len(serials); n < 9*365/90 || n > 9*365/50 {
		t.Errorf("%d certificates in nine years", n)
	}
	// In its last year the authority has been renewed: who trusts the new one, or still the old one, goes on.
	second := b.read("tls-ca.pem")
	if bytes.Equal(first, second) {
		t.Error("the authority was not renewed")
	}
	if err := b.trusts(s, second, "localhost"); err != nil {
		t.Error(err)
	}
	b.clk.Set(began.Add(12 * 365 * day))
	if err := b.trusts(s, second, "localhost"); err != nil {
		t.Error(err)
	}
	if b.trusts(s, first, "localhost") == nil {
		t.Error("an authority that has expired is trusted")
	}
}

func TestFilesOfTheAuthority(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	open := func() (*servertls.Source, error) { return servertls.SelfSigned(b.dir, "", nil, b.clk, b.logger()) }
	if _, err := open(); err != nil {
		t.Fatal(err)
	}
	first := b.read("tls-ca.pem")
	for name, content := range map[string][]byte{"none": nil, "garbage": []byte("x")} {
		if content == nil {
			if err := os.Remove(b.path("tls-ca.pem")); err != nil {
				t.Fatal(err)
			}
		} else {
			b.write("tls-ca.pem", content)
		}
		if s, err := open(); err != nil || b.trusts(s, b.read("tls-ca.pem"), "localhost") != nil || b.trusts(s, first, "localhost") != nil {
			t.Errorf("certificate %s: %v", name, err)
		}
	}
	b.write("tls-ca-key.pem", []byte("somebody's notes"))
	if _, err := open(); err == nil || string(b.read("tls-ca-key.pem")) != "somebody's notes" {
		t.Errorf("a key file that cannot be read: %v", err)
	}
	if err := os.Remove(b.path("tls-ca-key.pem")); err != nil {
		t.Fatal(err)
	}
	if s, err := open(); err != nil || b.trusts(s, b.read("tls-ca.pem"), "localhost") != nil || b.trusts(s, first, "localhost") == nil {
		t.Errorf("a new key: %v", err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, err := servertls.SelfSigned(b.dir, "", nil, b.clk, b.logger())
	if err != nil {
		t.Fatal(err)
	}
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		state, err := b.handshake(s, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version})
		if (err == nil) != ok || ok && state.Version != version {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	if state, err := b.handshake(s, &tls.Config{InsecureSkipVerify: true}); err != nil || state.Version != tls.VersionTLS13 {
		t.Errorf("preferred: %s, %v", tls.VersionName(state.Version), err)
	}
}

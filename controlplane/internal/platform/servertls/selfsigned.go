package servertls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/atomicfile"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// AuthorityFile is the file of the data folder with the certificate authority that clients have to trust, in PEM.
const AuthorityFile = "tls-ca.pem"

const authorityKeyFile = "tls-ca-key.pem"

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	// authorityRest is left when the authority is renewed: the time in which clients can be given the new file.
	authorityRest = 365 * 24 * time.Hour
	serverLife    = 90 * 24 * time.Hour
	serverRest    = serverLife / 3
	// skew is how far a client's clock may be behind ours.
	skew = time.Hour
)

// SelfSigned shows a certificate that it makes itself and renews in time. Of all that, only the authority that signs it is kept, in the
// data folder; the server's own key never leaves memory. The certificate is for localhost, the machine's name, the host of the
// listen address, and the names.
func SelfSigned(dataDir, listen string, names []string, clk clock.Clock, log *slog.Logger) (*Source, error) {
	names = append([]string{"localhost", "127.0.0.1", "::1"}, names...)
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" {
		names = append(names, host)
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return start(clk, log, func(current *tls.Certificate) (*tls.Certificate, error) {
		now := clk.Now()
		if current != nil && current.Leaf.NotAfter.Sub(now) > serverRest {
			return nil, nil
		}
		ca, err := openAuthority(dataDir, now, log)
		if err != nil {
			return nil, fmt.Errorf("private certificate authority: %w", err)
		}
		return ca.issue(names, now)
	})
}

// authority signs the server's certificates.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

// openAuthority reads the authority, and makes what is missing or soon over. Its key stays the same, and so does its name: whoever
// trusts the certificate that it had goes on trusting what it signs until that one expires.
func openAuthority(dataDir string, now time.Time, log *slog.Logger) (authority, error) {
	key, err := openKey(filepath.Join(dataDir, authorityKeyFile))
	if err != nil {
		return authority{}, err
	}
	path := filepath.Join(dataDir, AuthorityFile)
	if c, err := readCertificate(path); err == nil && key.PublicKey.Equal(c.PublicKey) && c.NotAfter.Sub(now) > authorityRest {
		return authority{key, c}, nil
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return authority{}, err
	}
	template := &x509.Certificate{
		// Clients may trust several of these.
		Subject:   pkix.Name{Organization: []string{"Demarc"}, CommonName: fmt.Sprintf("Demarc private CA %.4x", sha256.Sum256(public))},
		NotBefore: now.Add(-skew), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return authority{}, err
	}
	if err := atomicfile.Replace(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return authority{}, err
	}
	log.Info("a private certificate authority was made or renewed; clients have to trust it", "ca_file", path)
	c, err := x509.ParseCertificate(der)
	return authority{key, c}, err
}

// issue makes a certificate with a key of its own.
func (a authority) issue(names []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"Demarc"}, CommonName: "Demarc server"},
		NotBefore: now.Add(-skew), NotAfter: now.Add(serverLife),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		switch ip, err := netip.ParseAddr(name); {
		case err != nil:
			template.DNSNames = append(template.DNSNames, strings.ToLower(name))
		case !ip.IsUnspecified(): // that is where it listens, but nobody's address
			template.IPAddresses = append(template.IPAddresses, ip.WithZone("").AsSlice())
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// openKey reads a key, or makes it. One that cannot be read is never replaced.
func openKey(path string) (*ecdsa.PrivateKey, error) {
	block, err := readPEM(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		return key, nil
	}
	return nil, fmt.Errorf("%s: is not a key of an elliptic curve", path)
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, atomicfile.Replace(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func readCertificate(path string) (*x509.Certificate, error) {
	der, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// readPEM returns what is in the first block of a file.
func readPEM(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM", path)
	}
	return block.Bytes, nil
}

package apitoken

import (
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"math/big"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

const (
	// secretPrefix says to people and to scanners what the text is.
	secretPrefix  = "dmc_"
	entropyBytes  = 32
	entropyDigits = 43 // of base 62, for that many bytes
	checkDigits   = 6  // of base 62, for a CRC-32
)

// newSecret makes the text of a token.
func newSecret() secret.String {
	random := make([]byte, entropyBytes)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	text := base62(new(big.Int).SetBytes(random), entropyDigits)
	return secret.New(secretPrefix + text + checksum(text))
}

// wellFormed says whether a text may be a token.
func wellFormed(text string) bool {
	digits, ok := strings.CutPrefix(text, secretPrefix)
	if !ok || len(digits) != entropyDigits+checkDigits {
		return false
	}
	return checksum(digits[:entropyDigits]) == digits[entropyDigits:]
}

func checksum(text string) string {
	return base62(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(text)))), checkDigits)
}

func base62(n *big.Int, width int) string {
	digits := n.Text(62)
	return strings.Repeat("0", width-len(digits)) + digits
}

// hashOf is what is kept of a token.
func hashOf(text secret.String) []byte {
	sum := sha256.Sum256([]byte(text.Reveal()))
	return sum[:]
}

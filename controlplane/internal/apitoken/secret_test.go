package apitoken

import (
	"regexp"
	"testing"
)

// What scanners are told to look for.
var shape = regexp.MustCompile(`^dmc_[0-9A-Za-z]{49}$`)

func TestSecrets(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		text := newSecret().Reveal()
		if !shape.MatchString(text) || !wellFormed(text) || seen[text] {
			t.Fatalf("%q: of the right shape %t, well-formed %t, came before %t", text, shape.MatchString(text), wellFormed(text), seen[text])
		}
		seen[text] = true
	}
}

// A slip of the pen anywhere is found without looking the token up.
func TestChecksumFindsMistakes(t *testing.T) {
	t.Parallel()
	text := newSecret().Reveal()
	for i := range text {
		for _, c := range "0aZ_é" {
			if spoilt := text[:i] + string(c) + text[i+1:]; spoilt != text && wellFormed(spoilt) {
				t.Errorf("%q passes for %q", spoilt, text)
			}
		}
		if wellFormed(text[:i]) {
			t.Errorf("its first %d characters pass for it", i)
		}
	}
	for i := len(secretPrefix); i < len(text)-1; i++ {
		if swapped := text[:i] + text[i+1:i+2] + text[i:i+1] + text[i+2:]; swapped != text && wellFormed(swapped) {
			t.Errorf("%q passes for %q", swapped, text)
		}
	}
}

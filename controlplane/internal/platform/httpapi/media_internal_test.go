package httpapi

import (
	"mime"
	"testing"
)

func TestNegotiation(t *testing.T) {
	t.Parallel()
	types := []string{"text/csv", "application/pdf"}
	for accept, want := range map[string]string{
		"*/*": "text/csv", "application/pdf": "application/pdf", "text/*;q=0.1, application/pdf": "application/pdf", "text/csv;q=0, */*": "application/pdf",
		"application/*;q=0.5, */*;q=0.4": "application/pdf", "nonsense, text/csv": "text/csv",
	} {
		if got, err := negotiated([]string{accept}, types); err != nil || got != want {
			t.Errorf("%s: %q, %v", accept, got, err)
		}
	}
	if got, err := negotiated(nil, types); err != nil || got != "text/csv" {
		t.Errorf("none said: %q, %v", got, err)
	}
	for _, accept := range []string{"image/png", "", "*/*;q=0", "text/csv;q=0"} {
		if got, err := negotiated([]string{accept}, types); err == nil {
			t.Errorf("%q: %q", accept, got)
		}
	}
}

// Whatever people call things, the header is one, and leads to no other folder.
func TestAttachment(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"invoice-7.pdf": "invoice-7.pdf", "Grüße 100%.pdf": "Grüße 100%.pdf", `../../etc/passwd`: ".._.._etc_passwd", `a\\b"; filename=x`: `a__b"; filename=x`,
		"a\r\nSet-Cookie: b": "a__Set-Cookie: b", "\xff.pdf": "_.pdf",
	} {
		disposition, parameters, err := mime.ParseMediaType(attachment(name))
		if err != nil || disposition != "attachment" || parameters["filename"] != want {
			t.Errorf("%q: %s, %q, %v", name, attachment(name), parameters["filename"], err)
		}
	}
}

package httpapi

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// What is waited for is limited, not what the server does with it: a body ends that does not come, and one that comes too slowly on the whole.
func TestPace(t *testing.T) {
	t.Parallel()
	begin := func(rate int) *pace { return &pace{rate: rate, most: 10 * time.Second, left: 10 * time.Second} }
	if p := begin(100); p.spend(10*time.Second, 0) {
		t.Error("nothing for ten seconds")
	}
	if p := begin(0); !p.spend(9*time.Second, 1) || p.left != 10*time.Second || p.spend(10*time.Second, 0) {
		t.Error("any rate is as good as another, but not none")
	}
	steady, slow := begin(100), begin(100)
	for second := range 1000 {
		if !steady.spend(time.Second, 100) {
			t.Fatalf("just fast enough, and ended after %d s", second)
		}
	}
	seconds := 0
	for slow.spend(time.Second, 50) {
		seconds++
	}
	if seconds < 18 || seconds > 20 {
		t.Errorf("half as fast as it is to be, it ends after %d s", seconds)
	}
	// Having been fast gives no more time than there is at the beginning.
	fast := begin(100)
	fast.spend(time.Millisecond, 1<<20)
	if fast.left != 10*time.Second {
		t.Errorf("%v are left", fast.left)
	}
}

// thing is a line of a body; a thing of nothing is none.
type thing struct {
	N int `json:"n"`
}

func (t thing) Validate() []fault.Field {
	if t.N < 0 {
		return []fault.Field{{Pointer: "/n", Code: "minimum", Detail: "is less than nothing"}}
	}
	return nil
}

// Every line is a value, whole and nothing else; what comes before a wrong one is taken.
func TestLines(t *testing.T) {
	t.Parallel()
	broken := errors.New("cut off")
	long := strings.Repeat(" ", maxLine)
	for body, want := range map[string]string{
		"{\"n\":1}\n\n  {\"n\":2}\r\n{\"n\":3}": "1 2 3",
		"":                                      "",
		"{\"n\":1}\n{\"n\":2}{\"n\":3}\n":       "1 /2 format",
		"{\"n\":1} x\n":                         "/1 format",
		"{\"n\":1}\nnull\n":                     "1 /2 format",
		"{\"m\":1}\n":                           "/1 format",
		"{\"n\":1}\n\n{\"n\":-1}\n{\"n\":2}":    "1 /3/n minimum",
		"{\"n\":1}\n" + long + "{\"n\":2}\n":    "1  max_length",
		"{\"n\":1}\n{\"n\":2" + "\x00cut off":   "1 cut off",
		"{\"n\":1}\n{\"n\":22}" + "\x00cut off": "1 cut off",
	} {
		var from io.Reader = strings.NewReader(body)
		if whole, _, cut := strings.Cut(body, "\x00"); cut {
			from = io.MultiReader(strings.NewReader(whole), iotest.ErrReader(broken))
		}
		var got []string
		for v, err := range Lines[thing](StreamInput{Body: from}) {
			switch f := fault.As(err); {
			case f != nil:
				got = append(got, f.Fields[0].Pointer+" "+f.Fields[0].Code)
			case err != nil:
				got = append(got, err.Error())
			default:
				got = append(got, strconv.Itoa(v.N))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%.40q: %q, want %q", body, got, want)
		}
	}
}

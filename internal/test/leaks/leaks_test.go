package leaks

import (
	"fmt"
	"strings"
	"testing"

	"vireilla/internal/test/markers"
)

// recorder is a test that records its errors.
type recorder struct {
	testing.TB
	said []string
}

func (d *recorder) Helper() {}

func (d *recorder) Error(args ...any) { d.said = append(d.said, fmt.Sprint(args...)) }

func TestALeakIsReportedWithoutTheName(t *testing.T) {
	d := &recorder{}
	Nobody(d, "the log", "well\nall well\n")
	if len(d.said) > 0 {
		t.Errorf("nothing leaked, and it says %q", d.said)
	}
	Nobody(d, "the log", "well\n550 <"+markers.Address("s-1")+"> is full\n"+markers.Name("Aino"))
	if want := "the log names somebody in line 2 of 2 such lines: 550 … is full"; strings.Join(d.said, "\n") != want {
		t.Errorf("it says %q, want %q", d.said, want)
	}
}

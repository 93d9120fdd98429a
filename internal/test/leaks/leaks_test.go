package leaks

import (
	"fmt"
	"strings"
	"testing"

	"vireilla/internal/test/markers"
)

// deaf is a test that keeps what is said of it.
type deaf struct {
	testing.TB
	said []string
}

func (d *deaf) Helper() {}

func (d *deaf) Error(args ...any) { d.said = append(d.said, fmt.Sprint(args...)) }

func TestALeakIsToldWithoutTheName(t *testing.T) {
	d := &deaf{}
	Nobody(d, "the log", "well\nall well\n")
	if len(d.said) > 0 {
		t.Errorf("nothing leaked, and it says %q", d.said)
	}
	Nobody(d, "the log", "well\n550 <"+markers.Address("s-1")+"> is full\n"+markers.Name("Aino"))
	if want := "the log names somebody in line 2 of 2 such lines: 550 … is full"; strings.Join(d.said, "\n") != want {
		t.Errorf("it says %q, want %q", d.said, want)
	}
}

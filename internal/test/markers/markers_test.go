package markers

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestTheMarkIsFoundHoweverItIsWritten(t *testing.T) {
	for name, text := range map[string]string{
		"name":       Name("Aino"),
		"address":    Address("s-1"),
		"upper case": strings.ToUpper(Address("s-1")),
		"HTML":       html.EscapeString("<" + Address("s-1") + ">"),
		"URL":        url.QueryEscape(Address("s-1")),
		"JSON":       asJSON(t, Address("s-1")),
		"no end":     "x" + Word,
	} {
		if got := Lines([]byte("one\ntwo\n" + text + "\nfour")); !slices.Equal(got, []int{3}) {
			t.Errorf("%s: lines %v of %q", name, got, text)
		}
	}
	for _, around := range []string{"", "x", "xy", "xyz"} {
		for _, person := range []string{Name("Aino"), Address("s-1")} {
			text := base64.StdEncoding.EncodeToString([]byte(around + person + around))
			if got := Lines([]byte("one\n" + text)); !slices.Equal(got, []int{2}) {
				t.Errorf("base64 of %s%s%s: lines %v", around, person, around, got)
			}
		}
	}
}

func TestOrdinaryTextHoldsNoMark(t *testing.T) {
	if got := Lines([]byte("kana ria\nS-00012 coach_digest/C-07/2024-03-04\nKanervakatu 3, no-reply@example.org\n")); got != nil {
		t.Errorf("lines %v", got)
	}
}

func asJSON(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

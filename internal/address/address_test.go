package address

import (
	"net/mail"
	"strings"
	"testing"
)

func TestPlainAddressesAreTakenAndDomainsMadeNormal(t *testing.T) {
	for in, want := range map[string]string{
		"a@example.org":                     "a@example.org",
		"Etu.Kanaria@Example.ORG":           "Etu.Kanaria@example.org",
		"o'brien+tag=x@mail.example.org":    "o'brien+tag=x@mail.example.org",
		"etu@työllisyys.example":            "etu@xn--tyllisyys-17a.example",
		"etu@XN--TYLLISYYS-17A.example":     "etu@xn--tyllisyys-17a.example",
		"1@2.example":                       "1@2.example",
		strings.Repeat("a", 64) + "@b.test": strings.Repeat("a", 64) + "@b.test",
	} {
		got, err := Normal(in)
		if err != nil || got != want {
			t.Errorf("Normal(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestEverythingElseIsRefusedWithoutBeingRepeated(t *testing.T) {
	long := strings.Repeat("kanaria", 11)
	for _, in := range []string{
		"", "@", "kanaria", "kanaria@", "@kanaria.example", "kanaria@kanaria", "kanaria@kanaria@example.org",
		"kanaria@example.org,kanaria.other@example.org", "kanaria@example.org kanaria.other@example.org", "Kanaria <kanaria@example.org>",
		"<kanaria@example.org>", `"kanaria"@example.org`, "kanaria(x)@example.org", "kanaria@[192.0.2.1]", "kanaria@192.0.2.1",
		"kanaria@example.org\r\nBcc: x@example.org", "kanaria\n@example.org", "kanaria@example.org\x00", " kanaria@example.org",
		"kanaria@example.org ", "kanaria..x@example.org", ".kanaria@example.org", "kanaria.@example.org", "kanaria@.example.org",
		"kanaria@example.org.", "kanaria@example..org", "kanaria@-kanaria.example", "kanaria@kanaria-.example", "kanaria@can_ary.example",
		"kanariaä@example.org", "kanaria@exa\u202emple.org", "kanaria@ca\u200dnary.example", "kanaria@xn--kanaria\u0000.example",
		"kanaria@xn--\xff.example", "kanaria@kanaria\xff.example", long + "@example.org", "kanaria@" + long + ".example",
		"kanaria@" + strings.Repeat("kanaria.", 40) + "example", "kanaria@" + strings.Repeat("ä.", 800) + "example",
		"mailto:kanaria@example.org", "@relay.example:kanaria@example.org", "kanaria%example.org",
	} {
		_, err := Normal(in)
		if err == nil {
			t.Errorf("Normal(%q) accepted it", in)
			continue
		}
		if strings.Contains(strings.ToLower(err.Error()), "kanaria") {
			t.Errorf("Normal(%q) repeats the address: %v", in, err)
		}
	}
}

// FuzzNormal checks that an accepted address is its own normal form, and one address to a tolerant parser too.
func FuzzNormal(f *testing.F) {
	for _, seed := range []string{"a@example.org", "ä@ö.example", "x@xn--a.example", "a@b.c,d@e.f", "a@１.example", "a@b。example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Normal(s)
		if err != nil {
			return
		}
		again, err := Normal(got)
		if err != nil || again != got {
			t.Fatalf("Normal(%q) = %q, but that becomes %q, %v", s, got, again, err)
		}
		list, err := mail.ParseAddressList(got)
		if err != nil || len(list) != 1 || list[0].Address != got || list[0].Name != "" {
			t.Fatalf("Normal(%q) = %q reads as %v, %v", s, got, list, err)
		}
	})
}

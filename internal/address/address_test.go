package address

import (
	"net/mail"
	"strings"
	"testing"
)

func TestPlainAddressesAreTakenAndDomainsMadeNormal(t *testing.T) {
	for in, want := range map[string]string{
		"a@example.org":                     "a@example.org",
		"Etu.Suku@Example.ORG":              "Etu.Suku@example.org",
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
	long := strings.Repeat("canary", 11)
	for _, in := range []string{
		"", "@", "canary", "canary@", "@canary.example", "canary@canary", "canary@canary@example.org",
		"canary@example.org,other@example.org", "canary@example.org other@example.org", "Canary <canary@example.org>",
		"<canary@example.org>", `"canary"@example.org`, "canary(x)@example.org", "canary@[192.0.2.1]", "canary@192.0.2.1",
		"canary@example.org\r\nBcc: x@example.org", "canary\n@example.org", "canary@example.org\x00", " canary@example.org",
		"canary@example.org ", "canary..x@example.org", ".canary@example.org", "canary.@example.org", "canary@.example.org",
		"canary@example.org.", "canary@example..org", "canary@-canary.example", "canary@canary-.example", "canary@can_ary.example",
		"canäry@example.org", "canary@exa\u202emple.org", "canary@ca\u200dnary.example", "canary@xn--canary\u0000.example",
		"canary@xn--\xff.example", "canary@canary\xff.example", long + "@example.org", "canary@" + long + ".example",
		"canary@" + strings.Repeat("canary.", 40) + "example", "canary@" + strings.Repeat("ä.", 800) + "example",
		"mailto:canary@example.org", "@relay.example:canary@example.org", "canary%example.org",
	} {
		err := Check(in)
		if err == nil {
			t.Errorf("Check(%q) took it", in)
			continue
		}
		if strings.Contains(strings.ToLower(err.Error()), "canary") {
			t.Errorf("Check(%q) repeats the address: %v", in, err)
		}
	}
}

// FuzzNormal holds: what is taken is one address to a tolerant reader too, and is its own normal form.
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

// Package address checks e-mail addresses. It accepts one plain ASCII mailbox at one domain name, a subset of RFC 5321
// section 4.1.2. It refuses quoted local parts, comments, address literals, display names, source routes and lists: no
// register needs them, and each can carry a second recipient or a second header. Errors never contain the address.
package address

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The limits of RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4, in octets. They apply to the ASCII form (xn--) of
// the domain.
const (
	maxLocal  = 64
	maxLabel  = 63
	maxDomain = 253
	maxAll    = 254
)

// Normal returns s as it goes into an envelope, or an error that says why no letter can go to s: the domain in lower
// case and in ASCII (xn--). The local part is unchanged: only its own mail server knows whether two spellings are one
// mailbox (RFC 5321 section 2.4).
func Normal(s string) (string, error) {
	local, domain, found := strings.Cut(s, "@")
	if !found {
		return "", errors.New("address has no @")
	}
	if err := checkLocal(local); err != nil {
		return "", err
	}
	domain, err := normalDomain(domain)
	if err != nil {
		return "", err
	}
	if len(local)+1+len(domain) > maxAll {
		return "", errors.New("address is longer than 254 characters")
	}
	return local + "@" + domain, nil
}

func checkLocal(local string) error {
	if len(local) > maxLocal {
		return errors.New("address has more than 64 characters before the @")
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			return errors.New("address has an empty part before the @")
		}
		for i := range len(atom) {
			if !isAtext(atom[i]) {
				return errors.New("address has a character that is not allowed before the @")
			}
		}
	}
	return nil
}

// isAtext reports whether c is atext (RFC 5322 section 3.2.3).
func isAtext(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func normalDomain(domain string) (string, error) {
	if len(domain) > 4*maxDomain {
		return "", errors.New("address has a domain longer than 253 characters")
	}
	domain, err := asciiDomain(domain)
	if err != nil {
		return "", err
	}
	if len(domain) > maxDomain {
		return "", errors.New("address has a domain longer than 253 characters")
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return "", errors.New("address has a domain without a dot")
	}
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return "", err
		}
	}
	// No top level domain is a number: this is an IP address without its brackets.
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", errors.New("address has a number as its top level domain")
	}
	return domain, nil
}

func asciiDomain(domain string) (string, error) {
	lower := strings.ToLower(domain)
	if isASCII(domain) && !strings.Contains(lower, "xn--") {
		return lower, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	// The library reads invalid UTF-8 as U+FFFD. Its error contains the domain and is not passed on.
	if err != nil || !utf8.ValidString(domain) {
		return "", errors.New("address has a domain that is not an internationalised domain name")
	}
	return strings.ToLower(ascii), nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func checkLabel(label string) error {
	if label == "" || len(label) > maxLabel {
		return errors.New("address has a domain part that is empty or longer than 63 characters")
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return errors.New("address has a domain part that begins or ends with a hyphen")
	}
	for i := range len(label) {
		if !isAlphanumeric(label[i]) && label[i] != '-' {
			return errors.New("address has a character that is not allowed in a domain")
		}
	}
	return nil
}

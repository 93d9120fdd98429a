// Package address says what this program takes for an e-mail address: one plain ASCII mailbox at one
// domain name, a strict part of RFC 5321 section 4.1.2. Quoted local parts, comments, address literals,
// display names, route parts and lists are refused: no register needs them, and each has carried a
// second recipient or a second header through some program. Errors never hold the address.
package address

import (
	"errors"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The lengths of RFC 5321 section 4.5.3.1 and RFC 1035 section 2.3.4, in octets after a domain of
// other letters was turned to its xn-- form.
const (
	maxLocal  = 64
	maxLabel  = 63
	maxDomain = 253
	maxAll    = 254
)

// Check says why s is not an address that a letter can go to, or nil.
func Check(s string) error {
	_, err := Normal(s)
	return err
}

// Normal returns s as it goes into an envelope: the domain in lower case and in ASCII (xn--), the local
// part untouched, since only its own server may say that two spellings are one mailbox.
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
		return "", errors.New("address is longer than 254")
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
			if !isAtom(atom[i]) {
				return errors.New("address has a character that is not allowed before the @")
			}
		}
	}
	return nil
}

// isAtom is atext of RFC 5322 section 3.2.3.
func isAtom(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func normalDomain(domain string) (string, error) {
	if len(domain) > 4*maxDomain {
		return "", errors.New("address has a domain longer than 253")
	}
	domain, err := asciiDomain(domain)
	if err != nil {
		return "", err
	}
	if len(domain) > maxDomain {
		return "", errors.New("address has a domain longer than 253")
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
	// No top level is a number; what looks so is an IP address without its brackets.
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", errors.New("address has a number for its top level domain")
	}
	return domain, nil
}

func asciiDomain(domain string) (string, error) {
	lower := strings.ToLower(domain)
	if isASCII(domain) && !strings.Contains(lower, "xn--") {
		return lower, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	// The library takes broken UTF-8 for U+FFFD, and its error holds the domain.
	if err != nil || !utf8.ValidString(domain) {
		return "", errors.New("address has a domain that is no international name")
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
		return errors.New("address has a domain part that is empty or longer than 63")
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

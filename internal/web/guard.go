package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Guard decides who may see the pages, and rejects requests that pages of other sites send from a reader's browser.
// Without a password and a header it lets only this machine see the pages.
type Guard struct {
	// Password is that of HTTP basic authentication (RFC 7617), with any user name; "" for none.
	Password string
	// Header is the header in which a proxy names the user; "" for none. The proxy must remove it from requests that it
	// receives.
	Header string
	// Proxies are the addresses from which Header is trusted; none for loopback only.
	Proxies []netip.Prefix
}

// ParseProxies reads a comma-separated list of addresses and networks, such as 10.0.0.7,10.1.0.0/16.
func ParseProxies(list string) (proxies []netip.Prefix, err error) {
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		network, err := netip.ParsePrefix(word)
		if address, single := netip.ParseAddr(word); single == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("write addresses or networks with commas between them, such as 10.0.0.7,10.1.0.0/16")
		}
		proxies = append(proxies, network.Masked())
	}
	return proxies, nil
}

// Set reports whether the guard asks for a password or a header.
func (g Guard) Set() bool { return g.Password != "" || g.Header != "" }

// Wrap passes on requests of users that the guard knows, unless a page of another site sent them. /healthz and /readyz
// stay open: they reveal next to nothing, and probes have no password.
func (g Guard) Wrap(h http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This was sent by a page of another site: nothing was done.", http.StatusForbidden)
	}))
	h = origin.Handler(h)
	want := sha256.Sum256([]byte(g.Password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz", r.URL.Path == "/readyz", g.Set() && g.allows(r, want):
			h.ServeHTTP(w, r)
		case g.Set():
			if g.Password != "" {
				w.Header().Set("WWW-Authenticate", `Basic realm="Vireilla", charset="UTF-8"`)
			}
			http.Error(w, "Who are you?", http.StatusUnauthorized)
		case !isLocal(r.Host):
			http.Error(w, "Without WEB_PASSWORD or WEB_USER_HEADER only this machine may see these pages: "+
				"open them as http://127.0.0.1.", http.StatusMisdirectedRequest)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

func (g Guard) allows(r *http.Request, want [sha256.Size]byte) bool {
	if g.fromProxy(r) != "" {
		return true
	}
	_, password, ok := r.BasicAuth()
	got := sha256.Sum256([]byte(password)) // hashes have one length, so every comparison takes the same time
	return ok && g.Password != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// fromProxy returns the user that a trusted proxy names, or "".
func (g Guard) fromProxy(r *http.Request) string {
	if g.Header == "" {
		return ""
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	from := peer.Addr().Unmap()
	trusted := from.IsLoopback()
	if len(g.Proxies) > 0 {
		trusted = slices.ContainsFunc(g.Proxies, func(p netip.Prefix) bool { return p.Contains(from) })
	}
	if !trusted {
		return ""
	}
	return r.Header.Get(g.Header)
}

// Who returns the user of a request for the log: the user name when it is an id, otherwise a hash of it, because names
// and addresses of people stay out of logs.
func (g Guard) Who(r *http.Request) string {
	name := g.fromProxy(r)
	if name == "" && g.Password != "" {
		name, _, _ = r.BasicAuth()
	}
	switch {
	case name == "":
		return "unnamed"
	case len(name) <= 40 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == "":
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("user-%x", sum[:4])
}

// isLocal reports whether a Host header names this machine. Another site can resolve its own name to this machine's
// address (DNS rebinding) and then read the pages, but the Host header still holds that name.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

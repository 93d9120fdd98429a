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

// Guard says who may see the pages, and keeps the pages of others from using a reader's browser. Without a password and a header the pages are for this machine
// alone.
type Guard struct {
	Password string         // of HTTP basic authentication (RFC 7617), with any user name; "" for none
	Header   string         // a header in which a proxy names the user, and which it removes when it comes from outside; "" for none
	Proxies  []netip.Prefix // from where the header is believed; loopback alone when there are none
}

// ParseProxies reads addresses and networks with commas between them, such as 10.0.0.7,10.1.0.0/16.
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

// Set says whether the guard asks for anything.
func (g Guard) Set() bool { return g.Password != "" || g.Header != "" }

// Wrap lets through who the guard knows, and what was not sent by somebody else's page. /healthz and /readyz stay open: they tell next to nothing, and whoever
// asks has no password.
func (g Guard) Wrap(h http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This was sent by a page of another site: nothing was done.", http.StatusForbidden)
	}))
	h = origin.Handler(h)
	want := sha256.Sum256([]byte(g.Password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz", r.URL.Path == "/readyz", g.Set() && g.knows(r, want):
			h.ServeHTTP(w, r)
		case g.Set():
			if g.Password != "" {
				w.Header().Set("WWW-Authenticate", `Basic realm="Vireilla", charset="UTF-8"`)
			}
			http.Error(w, "Who are you?", http.StatusUnauthorized)
		case !local(r.Host):
			http.Error(w, "Without WEB_PASSWORD or WEB_USER_HEADER these pages are for this machine alone: ask for them as http://127.0.0.1.", http.StatusMisdirectedRequest)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

func (g Guard) knows(r *http.Request, want [sha256.Size]byte) bool {
	if g.fromProxy(r) != "" {
		return true
	}
	_, password, ok := r.BasicAuth()
	got := sha256.Sum256([]byte(password)) // of one length, so that the comparison takes as long for every guess
	return ok && g.Password != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// fromProxy gives the user that a proxy names; "" when none does, or when somebody else says so.
func (g Guard) fromProxy(r *http.Request) string {
	if g.Header == "" {
		return ""
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	from := peer.Addr().Unmap()
	believed := from.IsLoopback()
	if len(g.Proxies) > 0 {
		believed = slices.ContainsFunc(g.Proxies, func(p netip.Prefix) bool { return p.Contains(from) })
	}
	if !believed {
		return ""
	}
	return r.Header.Get(g.Header)
}

// Who names the user of a request for the log: as the proxy or the user does when that is an id, otherwise by a mark that is the same for the same user, for
// addresses and names of people stay out of logs.
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

// local tells whether a Host header names this machine. A page of another site can give its own name this machine's address (DNS rebinding) and then read what
// it likes; the name it cannot hide.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || err == nil && address.IsLoopback()
}

package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// Guard says who may see the pages when they are shown to more than this machine.
type Guard struct {
	Password string // of HTTP basic authentication (RFC 7617), with any user name; "" for none
	Header   string // a header that a trusted proxy sets to the user's name, and removes when it comes from outside; "" for none
}

// Set says whether the guard asks for anything.
func (g Guard) Set() bool { return g.Password != "" || g.Header != "" }

// Wrap lets through who the guard knows. /healthz stays open: it tells nothing, and whoever asks it has no password.
func (g Guard) Wrap(h http.Handler) http.Handler {
	if !g.Set() {
		return h
	}
	want := sha256.Sum256([]byte(g.Password))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		known := r.URL.Path == "/healthz" || g.Header != "" && r.Header.Get(g.Header) != ""
		if _, password, ok := r.BasicAuth(); ok && g.Password != "" {
			got := sha256.Sum256([]byte(password))
			known = known || subtle.ConstantTimeCompare(got[:], want[:]) == 1
		}
		if !known {
			w.Header().Set("WWW-Authenticate", `Basic realm="Vireilla", charset="UTF-8"`)
			http.Error(w, "Who are you?", http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

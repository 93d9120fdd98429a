package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheGuardLetsInWhomItKnows(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	for _, v := range []struct {
		name   string
		guard  Guard
		change func(*http.Request)
		path   string
		want   int
	}{
		{"nobody asked", Guard{}, nil, "/", 200},
		{"no password given", Guard{Password: "sesam"}, nil, "/", 401},
		{"wrong password", Guard{Password: "sesam"}, func(r *http.Request) { r.SetBasicAuth("op", "sesame") }, "/", 401},
		{"empty password", Guard{Header: "X-User"}, func(r *http.Request) { r.SetBasicAuth("op", "") }, "/", 401},
		{"right password", Guard{Password: "sesam"}, func(r *http.Request) { r.SetBasicAuth("op", "sesam") }, "/", 200},
		{"proxy's user", Guard{Header: "X-User"}, func(r *http.Request) { r.Header.Set("X-User", "op") }, "/queues/", 200},
		{"another header", Guard{Header: "X-User"}, func(r *http.Request) { r.Header.Set("X-Person", "op") }, "/", 401},
		{"health", Guard{Password: "sesam"}, nil, "/healthz", 200},
	} {
		r := httptest.NewRequest(http.MethodGet, v.path, nil)
		if v.change != nil {
			v.change(r)
		}
		w := httptest.NewRecorder()
		v.guard.Wrap(page).ServeHTTP(w, r)
		if w.Code != v.want {
			t.Errorf("%s: %d, want %d", v.name, w.Code, v.want)
		}
	}
}

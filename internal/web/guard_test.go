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
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+v.path, nil)
		r.RemoteAddr = "127.0.0.1:40000"
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

func TestWithoutAGuardThePagesAreForThisMachineAlone(t *testing.T) {
	page := Guard{}.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for host, want := range map[string]int{"127.0.0.1:8080": 200, "localhost:8080": 200, "LOCALHOST": 200, "[::1]:8080": 200, "127.0.0.2": 200,
		"evil.example": 421, "evil.example:8080": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421, "192.168.0.7:8080": 421, "": 421} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

func TestAProxyIsBelievedOnlyFromItsOwnAddress(t *testing.T) {
	proxies, err := ParseProxies("10.0.0.7, 10.1.0.0/16,fd00::/8")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		guard Guard
		from  string
		want  int
	}{
		{Guard{Header: "X-User"}, "127.0.0.1:1", 200}, {Guard{Header: "X-User"}, "[::1]:1", 200}, {Guard{Header: "X-User"}, "10.0.0.7:1", 401},
		{Guard{Header: "X-User", Proxies: proxies}, "10.0.0.7:1", 200}, {Guard{Header: "X-User", Proxies: proxies}, "[::ffff:10.1.2.3]:1", 200},
		{Guard{Header: "X-User", Proxies: proxies}, "[fd00::5]:1", 200}, {Guard{Header: "X-User", Proxies: proxies}, "10.0.0.8:1", 401},
		{Guard{Header: "X-User", Proxies: proxies}, "127.0.0.1:1", 401}, {Guard{Header: "X-User"}, "nonsense", 401},
		{Guard{Header: "X-User", Password: "sesam"}, "10.0.0.7:1", 401},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-User", "op-1")
		r.RemoteAddr = v.from
		w := httptest.NewRecorder()
		v.guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })).ServeHTTP(w, r)
		if w.Code != v.want {
			t.Errorf("%+v from %s: %d, want %d", v.guard, v.from, w.Code, v.want)
		}
		if who := v.guard.Who(r); (who == "op-1") != (v.want == 200) {
			t.Errorf("%+v from %s is %s", v.guard, v.from, who)
		}
	}
	for _, wrong := range []string{"proxy.example", "10.0.0.0/33", "10.0.0.1:80"} {
		if _, err := ParseProxies(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func TestTheLogIsToldIdsAndNoNames(t *testing.T) {
	for name, want := range map[string]string{"op-17": "op-17", "K123456": "K123456", "": "unnamed", "kanaria.maija.virtanen@example.org": "user-", "Maija Virtanen": "user-", "a\nb": "user-"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.SetBasicAuth(name, "sesam")
		who := Guard{Password: "sesam"}.Who(r)
		if who != want && (want != "user-" || len(who) != len("user-12345678") || who[:5] != want) {
			t.Errorf("%q is logged as %q", name, who)
		}
	}
}

func TestWhatAnotherSitesPageSendsIsRefused(t *testing.T) {
	for _, guard := range []Guard{{}, {Password: "sesam"}} {
		done := false
		page := guard.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done = true }))
		for _, v := range []struct {
			name, value string
			want        bool
		}{{"Sec-Fetch-Site", "cross-site", false}, {"Sec-Fetch-Site", "same-site", false}, {"Origin", "https://evil.example", false}, {"Origin", "null", false},
			{"Sec-Fetch-Site", "same-origin", true}, {"Origin", "http://127.0.0.1:8080", true}} {
			for _, method := range []string{http.MethodPost, http.MethodDelete} {
				done = false
				r := httptest.NewRequest(method, "http://127.0.0.1:8080/queues/api/queues/letters:pause", nil)
				r.SetBasicAuth("op", "sesam")
				r.Header.Set(v.name, v.value)
				w := httptest.NewRecorder()
				page.ServeHTTP(w, r)
				if done != v.want || !done && w.Code != http.StatusForbidden {
					t.Errorf("%s with %s: %s: %d, done: %t", method, v.name, v.value, w.Code, done)
				}
			}
		}
	}
}

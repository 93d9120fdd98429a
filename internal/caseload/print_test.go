package caseload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"vireilla/internal/test/leaks"
	"vireilla/internal/test/markers"
)

func TestAPersonPrintsAsAnID(t *testing.T) {
	name, address := markers.Name("Aino"), markers.Address("x")
	seeker := Seeker{ID: "S-1", FirstName: name, Email: address}
	for want, v := range map[string]any{
		"team T-1":   Team{ID: "T-1", LeadName: name, LeadEmail: address},
		"coach C-1":  Coach{ID: "C-1", Name: name, Email: address},
		"seeker S-1": seeker,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, v); got != want {
				t.Errorf("%s prints %q", verb, got)
			}
		}
		if got, err := json.Marshal(v); err != nil || string(got) != `"`+want+`"` {
			t.Errorf("JSON %s, %v", got, err)
		}
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "one", seeker, "pointer", &seeker, "in a case", Case{Seeker: seeker},
			"in a map", map[string]Seeker{"S-1": seeker}, "in a list", []*Seeker{&seeker}, "err", fmt.Errorf("with %v", seeker))
	}
	leaks.Nobody(t, "the log", log.String())
}

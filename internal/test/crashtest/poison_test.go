package crashtest

import (
	"testing"

	"vireilla/tasks"
)

// P5. Of outbox rows with invalid values beside valid ones, the valid letters are sent, and the others end with a
// reason.
func TestPoisonRowsEndAloneAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, w, tasks.Batch)
			s.must(s.store.SetKillSwitch(t.Context(), true))
			if s.over(s.begin(nil, s.run())) {
				t.Fatal("killed by somebody else")
			}
			poison := map[string]struct{ change, becomes string }{ // by the letter's recipient
				"C-0":     {`items = '[{"s":'`, "failed unreadable"},
				"C-1":     {`told = '{}'`, "failed unreadable"},
				"C-2":     {`items = '[{"s":"S-0-002","r":"unheard_of","t":99,"a":"2024-03-01","d":"2024-03-01","c":"C-2"}]'`, "failed unreadable"},
				"S-0-000": {`letter = 'unheard_of'`, "failed render"},
				"S-0-001": {`language = 'xx'`, "sent "}, // the register says in which language
				"S-0-002": {`role = 'nobody'`, "sent "}, // withdrawn, and planned anew, as the two below
				"S-0-003": {`subject = ''`, "withdrawn superseded"},
				"S-0-004": {`to_id = 'S-unheard-of'`, "sent "},
				"S-0-005": {`expires_at = -1`, "sent "},
			}
			db := s.open()
			for to, p := range poison {
				result, err := db.ExecContext(t.Context(), `UPDATE notice SET `+p.change+` WHERE to_id = $1`, to)
				s.must(err)
				if n, err := result.RowsAffected(); err != nil || n == 0 {
					t.Fatalf("%s has no letter: %v", to, err)
				}
			}
			s.must(s.store.SetKillSwitch(t.Context(), false))
			if s.over(s.begin(nil, s.run())) {
				t.Fatal("killed by somebody else")
			}
			for _, e := range s.outbox() {
				want := "sent "
				if p, poisoned := poison[e.To]; poisoned {
					want = p.becomes
				}
				if got := string(e.State) + " " + e.Why; got != want {
					t.Errorf("%s is %s, not %s", e.Key, got, want)
				}
			}
			for _, fault := range s.faults() {
				t.Error(fault)
			}
		})
	}
}

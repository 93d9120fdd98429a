package crashtest

import (
	"testing"

	"vireilla/internal/notice"
	"vireilla/tasks"
)

// P5. Rows of the outbox that hold nonsense, beside others: the sound ones go out, and the others stand there with a reason.
func TestPoisonRowsEndAloneAndTheRestGoesOn(t *testing.T) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			s := begun(t, w, tasks.Batch)
			s.well(s.store.SetStopped(t.Context(), true))
			if s.over(s.begin(nil, s.run())) {
				t.Fatal("killed by somebody else")
			}
			poison := map[string]string{ // by the letter's recipient
				"C-0": `items = '[{"s":'`, "C-1": `told = '{}'`, "C-2": `items = '[{"s":"S-0-2","r":"unheard_of","t":99,"a":"2024-03-01","d":"2024-03-01","c":"C-2"}]'`,
				"S-0-0": `letter = 'unheard_of'`, "S-0-1": `language = 'xx'`, "S-0-2": `role = 'nobody'`, "S-0-3": `subject = ''`, "S-0-4": `to_id = 'S-unheard-of'`, "S-0-5": `expires_at = -1`,
			}
			db := s.open()
			for to, change := range poison {
				result, err := db.ExecContext(t.Context(), `UPDATE notice SET `+change+` WHERE to_id = $1`, to)
				s.well(err)
				if n, err := result.RowsAffected(); err != nil || n == 0 {
					t.Fatalf("%s has no letter: %v", to, err)
				}
			}
			s.well(s.store.SetStopped(t.Context(), false))
			if s.over(s.begin(nil, s.run())) {
				t.Fatal("killed by somebody else")
			}
			poison["S-unheard-of"] = ""
			for _, e := range s.outbox() {
				_, poisoned := poison[e.To]
				switch unreadable := e.To == "C-0" || e.To == "C-1"; {
				case unreadable && (e.State != notice.Failed || e.Why != "unreadable"):
					t.Errorf("%s is %s %s", e.Key, e.State, e.Why)
				case poisoned && e.State != notice.Sent && e.State != notice.Failed && e.State != notice.Withdrawn, !poisoned && e.State != notice.Sent:
					t.Errorf("%s is %s %s", e.Key, e.State, e.Why)
				}
			}
			t.Logf("%v", s.states())
			for _, fault := range s.faults() {
				t.Error(fault)
			}
		})
	}
}

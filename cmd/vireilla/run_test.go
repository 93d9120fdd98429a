package main

import (
	"path/filepath"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/test/smtptest"
)

// What the relay put off comes out the same day, by whoever serves: a digest is of no use tomorrow.
func TestWhatARunOfTodayCouldNotBringOutIsDueSoon(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	mail, env := relay(t)
	mail.Set(smtptest.Mail, smtptest.Reply("451 4.3.0 later"))
	const letters = 3
	s := due(t, "sqlite:"+filepath.Join(data, "vireilla.db"), letters)
	if _, told, code := env.vireilla(t, "--data", data, "run", "--yes"); code != failed {
		t.Fatalf("exit %d, said %s", code, told)
	}
	tried, err := s.Letters(t.Context(), notice.Filter{State: string(notice.Deferred)})
	if err != nil || len(tried) < letters {
		t.Fatalf("%d letters put off, %v", len(tried), err)
	}
	for _, l := range tried {
		if l.Tries != 1 {
			t.Errorf("letter %d was tried %d times in jumped time", l.ID, l.Tries)
		}
	}
	for in, want := range map[time.Duration]bool{0: false, 2 * time.Minute: true} {
		n, err := s.Due(t.Context(), now().Add(in))
		if err != nil || n >= letters != want || !want && n > 0 {
			t.Errorf("in %s %d letters are due, %v", in, n, err)
		}
	}
}

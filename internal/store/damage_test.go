package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A file that takes long to check is opened at once. When damage is found later, nothing is written any more, no letter
// is begun, and every call returns the damage.
func TestDamageThatIsFoundLaterStopsEverything(t *testing.T) {
	before := checkWait
	checkWait = 0
	t.Cleanup(func() { checkWait = before })
	path := filepath.Join(t.TempDir(), "v.db")
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetKillSwitch(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(text) - 4096; i < len(text); i++ { // an index of the last table, which opening does not read
		text[i] ^= 0x5a
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), "sqlite:"+path)
	if err != nil {
		if !strings.Contains(err.Error(), "database: is damaged") { // the check may be quick enough
			t.Fatal(err)
		}
		return
	}
	defer s.Close()
	s.checking.Wait()
	now := time.Date(2024, 3, 4, 7, 0, 0, 0, time.UTC)
	_, claims := s.Claim(t.Context(), now, now, nil, 25)
	_, begins := s.SendingBlocked(t.Context())
	_, vitals := s.Vitals(t.Context(), now, nil)
	for what, err := range map[string]error{"a claim": claims, "a beginning": begins, "the vitals": vitals,
		"readiness": s.Ready(t.Context()), "a change": s.SetKillSwitch(t.Context(), false)} {
		if err == nil || !strings.Contains(err.Error(), "database: is damaged") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Close does not wait for the end of the check.
func TestClosingEndsTheCheck(t *testing.T) {
	before := checkWait
	checkWait = 0
	t.Cleanup(func() { checkWait = before })
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.damageFound(); err != nil {
		t.Errorf("a check that was ended found %v", err)
	}
}

// A check that cannot read the file, because the disk is full or the file is locked, says nothing about damage: writing
// goes on, and the check is made again.
func TestACheckThatCannotReadIsMadeAgainAndStopsNothing(t *testing.T) {
	waitBefore, againBefore := checkWait, checkAgain
	checkWait, checkAgain = time.Minute, time.Millisecond
	t.Cleanup(func() { checkWait, checkAgain = waitBefore, againBefore })
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.checking.Wait()
	s.checkQuery = `SELECT answer FROM not_there_yet`
	if err := s.startCheck(); err == nil {
		t.Fatal("a check without its table could be made")
	}
	for _, statement := range []string{`CREATE TABLE not_there_yet (answer TEXT)`, `INSERT INTO not_there_yet VALUES ('ok')`} {
		if _, err := s.exec(t.Context(), statement); err != nil {
			t.Fatalf("writing was stopped: %v", err)
		}
	}
	s.checking.Wait() // a later check found that all is well
	if err := s.damageFound(); err != nil {
		t.Error(err)
	}
}

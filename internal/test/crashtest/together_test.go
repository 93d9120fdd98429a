package crashtest

import (
	"testing"
	"time"

	"vireilla/internal/notice"
)

// P4. Eight processes run the same ticks at the same moment.
func TestEightProcessesAtOneTickMakeOneRunAndOneLetterEach(t *testing.T) {
	t.Parallel()
	s := begun(t, ways()[1], many)
	s.clock = s.clock.Add(nextLife)
	var all []*program
	for range 8 {
		all = append(all, s.start(s.clock, nil, serve()...))
	}
	began := time.Now()
	await(t, maxWait, "all to be out", func() bool {
		return s.states()[notice.Sent] >= many && s.quiet(s.clock.Add(time.Since(began)))
	})
	for _, p := range all {
		s.quit(p)
	}
	runs := 0
	rows, err := s.open().QueryContext(t.Context(), `SELECT kind || '/' || day, planned, (SELECT count(*) FROM notice WHERE notice.run = kind || '/' || day) FROM run`)
	s.must(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		var planned, letters int
		s.must(rows.Scan(&name, &planned, &letters))
		if runs++; planned != letters {
			t.Errorf("%s says that it planned %d letters, and has %d", name, planned, letters)
		}
	}
	s.must(rows.Err())
	if runs < 2 || len(s.outbox()) <= many {
		t.Errorf("%d runs, %d letters", runs, len(s.outbox()))
	}
	s.undisturbed()
}

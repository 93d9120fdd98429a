package store

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// What any connection of the pool commits survives a power cut (synchronous 2 is FULL), and none gives up at once when
// another writes.
func TestEachConnectionToSQLiteKeepsWhatItCommits(t *testing.T) {
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all []*sql.Conn
	for range s.db.Stats().MaxOpenConnections {
		c, err := s.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all = append(all, c)
	}
	if len(all) < 2 {
		t.Fatalf("a pool of %d connections", len(all))
	}
	for i, c := range all {
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "busy_timeout": "20000"} {
			var got string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("connection %d: %s is %s, not %s: %v", i, pragma, got, want, err)
			}
		}
	}
}

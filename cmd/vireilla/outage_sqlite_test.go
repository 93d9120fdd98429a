package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/store"
	"vireilla/internal/test/servertest"
)

// D2: what happens to SQLite while letters go out.

// TestHoldTheLock is, in a process of its own, an import that does not come to its end.
func TestHoldTheLock(t *testing.T) {
	path := os.Getenv("HOLD_THE_LOCK_OF")
	if path == "" {
		t.Skip("this one is for TestSQLiteIsLockedByAnotherProcess")
	}
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	undone := errors.New("undone")
	if err := s.Import(t.Context(), now(), func(*store.Import) error {
		fmt.Println("held")
		_, err := io.Copy(io.Discard, os.Stdin)
		return errors.Join(err, undone)
	}); !errors.Is(err, undone) {
		t.Error(err)
	}
}

// Another process holds the lock for longer than ours waits for it.
func TestSQLiteIsLockedByAnotherProcess(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	path := filepath.Join(t.TempDir(), "v.db")
	o := newOutageOn(t, "sqlite:"+path, "")
	o.awaitPart(5)
	var letGo io.Closer
	o.whileTaking(func() { letGo = holdTheLock(t, path) })
	o.await("the program to say that it waited in vain", func() bool { return o.log.Count("SQLITE_BUSY") > 0 })
	o.nothingGoesOut()
	if err := letGo.Close(); err != nil {
		t.Error(err)
	}
	o.awaitLetter()
	o.check()
	o.complains("SQLITE_BUSY")
}

// holdTheLock lets another process take the lock of a database; it has it until what is given is closed.
func holdTheLock(t *testing.T, path string) io.Closer {
	t.Helper()
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHoldTheLock$")
	other.Env = append(os.Environ(), "HOLD_THE_LOCK_OF="+path)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = other.Wait() })
	said := make([]byte, 4)
	if _, err := io.ReadFull(out, said); err != nil || string(said) != "held" {
		t.Fatalf("said %q, %v", said, err)
	}
	return in
}

func TestSQLiteHasNoRoomOnItsDisk(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	disk := servertest.SmallDisk(t, 64)
	o := newOutageOn(t, "sqlite:"+filepath.Join(disk.Folder(), "v.db"), "")
	o.awaitPart(5)
	disk.Fill(t)
	o.await("the program to say that there is no room", func() bool {
		return o.log.Count("database or disk is full") > 0
	})
	<-time.After(3 * time.Second) // what finds room in the write-ahead log as it stands goes out, and its row is there
	disk.Free(t)
	o.awaitLetter()
	o.check()
	o.complains("database or disk is full", "disk I/O error")
}

// A file that is damaged while the program works: it says so and goes on trying, and what it cannot book does not go
// out. It does not start on such a file. From what the file was before, it goes on where it stood.
func TestSQLiteIsDamagedWhileLettersGoOut(t *testing.T) {
	heavy(t, "an outage lasts for seconds")
	t.Parallel()
	path := filepath.Join(t.TempDir(), "v.db")
	o := newOutageOn(t, "sqlite:"+path, "")
	o.awaitPart(5)
	mend := damage(t, path)
	o.await("the program to say that the file is damaged", func() bool { return o.log.Count("malformed")+o.log.Count("not a database") > 0 })
	o.nothingGoesOut()
	o.stop()
	if _, err := store.Open(context.Background(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "database: is damaged") {
		t.Errorf("opened a damaged file: %v", err)
	}
	mend()
	sent := o.out()
	o.app = o.build()
	states := func() map[notice.State]int {
		counts := map[notice.State]int{}
		entries, err := o.Store.Letters(t.Context(), notice.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			counts[entries[i].State]++
		}
		return counts
	}
	if n := states(); n[notice.Sent]+n[notice.Sending] < sent {
		t.Errorf("%d letters went out; the outbox has %v", sent, n)
	}
	// The claims of before end now instead of later.
	if _, err := o.Store.FreeStuck(t.Context(), now().Add(store.ClaimFor), nil); err != nil {
		t.Fatal(err)
	}
	n := states()
	doubtful := n[notice.Unsure] + n[notice.Held]
	o.start(o.app)
	t.Log("started again:", n)
	o.awaitLetter()
	// On a slow machine the fast clock of the test reaches the moment at which an unsure letter goes out once more.
	o.await("all but those of which nobody knows", func() bool {
		n := states()
		return n[notice.Sent] >= o.planned-doubtful && n[notice.Pending]+n[notice.Sending]+n[notice.Deferred] == 0
	})
	o.judge()
	t.Logf("%d letters were unsure", doubtful)
	o.complains("malformed", "not a database", "closed", "context canceled")
}

// damage spoils every page of a database; what it gives puts right those that are still spoilt.
func damage(t *testing.T, path string) (mend func()) {
	t.Helper()
	const page = 4096
	intoTheFile(t, path)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	before, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := bytes.Clone(before)
	for i := range spoilt {
		spoilt[i] ^= 0x5a
	}
	if _, err := file.WriteAt(spoilt, 0); err != nil {
		t.Fatal(err)
	}
	return func() {
		defer file.Close()
		text := make([]byte, page)
		for at := 0; at < len(before); at += page {
			if _, err := file.ReadAt(text, int64(at)); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(text, spoilt[at:at+page]) {
				if _, err := file.WriteAt(before[at:at+page], int64(at)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// intoTheFile brings what stands in the log of a database into its file.
func intoTheFile(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for busy := 1; busy != 0; {
		var frames, done int
		if err := db.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &done); err != nil {
			t.Fatal(err)
		}
	}
}

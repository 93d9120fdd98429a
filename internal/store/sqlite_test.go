package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
)

func open(t *testing.T) *store.DB {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "v.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLiteKeepsTheContract(t *testing.T) { storetest.Run(t, open) }

// Names and addresses are in the file, and in the files that SQLite keeps beside it.
func TestOthersMayNotReadTheFile(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	folder := t.TempDir()
	openURL(t, "sqlite:"+filepath.Join(folder, "v.db"))
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if info, err := file.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %s, %v", file.Name(), info.Mode(), err)
		}
	}
}

// TestManyMayCreateOneFile opens a file that does not exist yet several times at once, as processes that start together
// do. Whoever is slower loses every step of the schema to another.
func TestManyMayCreateOneFile(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			path := "sqlite:" + filepath.Join(t.TempDir(), "v.db")
			var wg sync.WaitGroup
			for range 12 {
				wg.Go(func() {
					s, err := store.Open(t.Context(), path)
					if err == nil {
						err = s.Close()
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

// Any page may be damaged; the first one is read before the check runs.
func TestADamagedDatabaseIsRefused(t *testing.T) {
	const page = 4096
	path := filepath.Join(t.TempDir(), "v.db")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, part := range map[string][2]int{"its name": {0, 16}, "its first page": {100, page},
		"all but its name": {16, len(sound)}, "a table": {page, 3 * page}, "all": {0, len(sound)}} {
		text := bytes.Clone(sound)
		for i := part[0]; i < part[1]; i++ {
			text[i] ^= 0x5a
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(),
			"database: is damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

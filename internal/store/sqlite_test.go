package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
)

func open(t *testing.T) *store.Store {
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

func TestADamagedDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.db")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < 3*4096; i++ {
		text[i] ^= 0x5a
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "database") {
		t.Fatalf("opened a damaged file: %v", err)
	}
}

package store

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

func (c *core) migrate(ctx context.Context) error {
	unlock, err := c.lockMigrations(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	had, err := c.migrateLocked(ctx)
	for err != nil && c.migrationLock == "" { // another process may have run the same step first
		before := had
		if had, err = c.migrateLocked(ctx); had == before {
			break
		}
	}
	if err := errors.Join(err, unlock()); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// lockMigrations waits until no other process migrates this database.
func (c *core) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if c.migrationLock == "" {
		return func() error { return nil }, nil
	}
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, c.migrationLock); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx.Rollback, nil // the transaction wrote nothing
}

// migrateLocked runs the steps that are missing, and gives the schema that it found, -1 where it found none.
func (c *core) migrateLocked(ctx context.Context) (had int64, err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return -1, err
	}
	provider, err := goose.NewProvider(c.goose, c.db, rewritten{files, c.migration})
	if err != nil {
		return -1, err
	}
	had, want, err := provider.GetVersions(ctx)
	if err != nil {
		return -1, err
	}
	if had > want {
		return had, fmt.Errorf("the database has schema %d, this program knows %d: use a newer program", had, want)
	}
	if had < want {
		_, err = provider.Up(ctx)
	}
	return had, err
}

// rewritten is a folder whose .sql files are changed for a database as they are read.
type rewritten struct {
	fs.FS
	text func([]byte) []byte
}

func (w rewritten) Open(name string) (fs.File, error) {
	file, err := w.FS.Open(name)
	if err != nil || w.text == nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	text, err := io.ReadAll(file)
	return rewrittenFile{file, bytes.NewReader(w.text(text))}, err
}

type rewrittenFile struct {
	fs.File
	text io.Reader
}

func (f rewrittenFile) Read(p []byte) (int, error) { return f.text.Read(p) }

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"vireilla/internal/store"
)

// store opens a database that exists. A new, empty database in a wrong folder would look like an office without
// letters, and its kill switch would stop nothing.
func (env *environment) store() (*store.DB, error) {
	c, err := env.config()
	if err == nil {
		err = isThere(c.Database)
	}
	if err != nil {
		return nil, err
	}
	return store.Open(env.ctx, c.Database)
}

// isThere fails when an SQLite database has no file yet; the error wraps fs.ErrNotExist.
func isThere(database string) error {
	path, file := strings.CutPrefix(database, "sqlite:")
	if !file {
		return nil
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no database at %s, %w: set --data, VIREILLA_DATA or DATABASE_URL to where it is "+
			"(import, serve and migrate begin a new one)", path, fs.ErrNotExist)
	}
	return err
}

// storeOrNew opens the database, and creates it when there is none.
func (env *environment) storeOrNew() (*store.DB, error) {
	c, err := env.config()
	if err != nil {
		return nil, err
	}
	return env.openStore(c.Database)
}

func (env *environment) openStore(database string) (*store.DB, error) {
	if err := os.MkdirAll(env.Data, 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return store.Open(env.ctx, database)
}

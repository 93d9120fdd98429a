package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// What is known of the database as a whole stands in table meta: a word and its value.

func meta(ctx context.Context, q querier, name string) (value string, err error) {
	err = q.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

func setMeta(ctx context.Context, q querier, name, value string) error {
	_, err := q.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// SetMadeUp marks a database as a demo's, or as one that is no longer: what somebody imports may be people.
func (s *DB) SetMadeUp(ctx context.Context, yes bool) error {
	value := ""
	if yes {
		value = "yes"
	}
	return s.write(ctx, func(tx *sql.Tx) error { return setMeta(ctx, tx, "made_up", value) })
}

// MadeUp tells whether a database is a demo's. It changes nothing: the schema of one that is not stays as it is.
func MadeUp(ctx context.Context, url string) (yes bool, err error) {
	db, _, err := connect(url)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	value, err := meta(ctx, db, "made_up")
	if err != nil {
		return false, fmt.Errorf("database: whose it is: %w", err)
	}
	return value == "yes", nil
}

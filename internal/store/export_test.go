package store

import (
	"context"
	"database/sql"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// AtSchema creates a database with an older schema and opens it.
func AtSchema(ctx context.Context, url string, version int64) (*sql.DB, error) {
	db, dia, err := connect(url)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(dia.goose, db, rewritten{files, dia.migration})
	if err != nil {
		return nil, err
	}
	_, err = provider.UpTo(ctx, version)
	return db, err
}

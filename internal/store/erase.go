package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Erase removes a job seeker and all that hangs on the id, at once: for a person who asks for it (Regulation (EU) 2016/679, article 17). Of letters only the
// key and the state stay, so that nobody is written to again. It gives how many rows were removed or emptied. What the feed still holds comes back with the next
// import.
func (s *DB) Erase(ctx context.Context, seeker string) (n int, err error) {
	return s.erase(ctx, seeker, nil)
}

// Erasable gives how many rows Erase would remove or empty, and does not.
func (s *DB) Erasable(ctx context.Context, seeker string) (n int, err error) {
	undo := errors.New("only asked")
	if n, err = s.erase(ctx, seeker, undo); errors.Is(err, undo) {
		err = nil
	}
	return n, err
}

// erase ends its transaction with an error, if one is given, so that all of it is taken back.
func (s *DB) erase(ctx context.Context, seeker string, end error) (n int, err error) {
	if seeker == "" {
		return 0, fmt.Errorf("erase: no seeker is named")
	}
	escaped := strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(seeker)
	err = s.write(ctx, func(tx *sql.Tx) error {
		n = 0
		for _, q := range []struct {
			text string
			args []any
		}{
			{`DELETE FROM suppression WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM told WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM agenda WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM wake WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM skip WHERE to_id = $1`, []any{seeker}},
			{`UPDATE notice SET state = 'withdrawn', why = 'erased', fence = fence + 1
				WHERE role = 'seeker' AND to_id = $1 AND state IN ('pending', 'deferred', 'unsure', 'held', 'failed')`, []any{seeker}},
			{`UPDATE notice SET to_id = '', subject = '', start_at = 0 WHERE role = 'seeker' AND to_id = $1 AND state <> 'sending'`, []any{seeker}},
			{`UPDATE notice SET items = '', told = '' WHERE state IN ('sent', 'failed', 'withdrawn') AND (items LIKE $1 ESCAPE '!' OR told LIKE $1 ESCAPE '!')`, []any{`%"` + escaped + `"%`}},
			{`DELETE FROM appointment WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM contact WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM training WHERE seeker_id = $1`, []any{seeker}},
			{`DELETE FROM seeker WHERE seeker_id = $1`, []any{seeker}},
		} {
			result, err := tx.ExecContext(ctx, q.text, q.args...)
			if err != nil {
				return err
			}
			rows, err := result.RowsAffected()
			if err != nil {
				return err
			}
			n += int(rows)
		}
		return end
	})
	if err != nil {
		err = fmt.Errorf("erase: %w", err)
	}
	return n, err
}

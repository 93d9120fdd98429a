package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Erase removes a seeker and everything that names the id, when a person asks for it (Regulation (EU) 2016/679, article
// 17). Of the letters to the seeker the key and the state stay, so that none is sent again. It returns how many rows
// were removed or emptied. A seeker who is still in the feed comes back with the next import.
func (l *Caseload) Erase(ctx context.Context, seeker string) (n int, err error) {
	return l.erase(ctx, seeker, nil)
}

// Erasable returns how many rows Erase would remove or empty. It changes nothing.
func (l *Caseload) Erasable(ctx context.Context, seeker string) (n int, err error) {
	undo := errors.New("only counted")
	if n, err = l.erase(ctx, seeker, undo); errors.Is(err, undo) {
		err = nil
	}
	return n, err
}

// erase ends its transaction with the error end, which undoes it, unless that is nil.
func (l *Caseload) erase(ctx context.Context, seeker string, end error) (n int, err error) {
	if seeker == "" {
		return 0, fmt.Errorf("erase: no seeker is named")
	}
	escaped := strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(seeker)
	err = l.write(ctx, func(tx *sql.Tx) error {
		n = 0
		for _, q := range []struct{ text, arg string }{
			{`DELETE FROM suppression WHERE seeker_id = $1`, seeker},
			{`DELETE FROM told WHERE seeker_id = $1`, seeker},
			{`DELETE FROM agenda WHERE seeker_id = $1`, seeker},
			{`DELETE FROM wake WHERE seeker_id = $1`, seeker},
			{`DELETE FROM skip WHERE to_id = $1`, seeker},
			{`UPDATE notice SET state = 'withdrawn', why = 'erased', fence = fence + 1
				WHERE role = 'seeker' AND to_id = $1 AND state IN ('pending', 'deferred', 'unsure', 'held', 'failed')`, seeker},
			{`UPDATE notice SET to_id = '', subject = '', start_at = 0
				WHERE role = 'seeker' AND to_id = $1 AND state <> 'sending'`, seeker},
			{`UPDATE notice SET items = '', told = '' WHERE state IN ('sent', 'failed', 'withdrawn')
				AND (items LIKE $1 ESCAPE '!' OR told LIKE $1 ESCAPE '!')`, `%"` + escaped + `"%`},
			{`DELETE FROM appointment WHERE seeker_id = $1`, seeker},
			{`DELETE FROM contact WHERE seeker_id = $1`, seeker},
			{`DELETE FROM training WHERE seeker_id = $1`, seeker},
			{`DELETE FROM seeker WHERE seeker_id = $1`, seeker},
		} {
			rows, err := affected(tx.ExecContext(ctx, q.text, q.arg))
			if err != nil {
				return err
			}
			n += rows
		}
		return end
	})
	if err != nil {
		err = fmt.Errorf("erase: %w", err)
	}
	return n, err
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
)

// setAgenda writes what was found for some cases; what has nothing to say yet is not kept.
func (s *DB) setAgenda(ctx context.Context, tx *sql.Tx, found []notice.Agenda) error {
	var ids, rows []any
	for i := range found {
		ids = append(ids, found[i].Seeker)
		for _, o := range found[i].Obligations {
			if o.Stage > policy.NoStage {
				rows = append(rows, o.Seeker, o.Rule, o.Subject, o.Anchor.String(), o.Era, o.Basis, o.DueStrict.String(), o.Due.String(), int(o.Stage), o.Owner, o.Coach, o.Weight)
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM agenda WHERE seeker_id IN `+s.dia.list(1, len(ids)), ids...); err != nil {
		return err
	}
	return s.insertMany(ctx, tx, `INSERT INTO agenda (seeker_id, rule, subject, anchor, era, basis, due_strict, due, stage, owner, coach_id, weight) VALUES `, ``, 12, rows)
}

// atOnce is how many rows go in one statement.
const atOnce = 100

// insertMany inserts rows of so many columns, many at once.
func (s *DB) insertMany(ctx context.Context, q querier, head, tail string, columns int, values []any) error {
	for part := range slices.Chunk(values, atOnce*columns) {
		if _, err := q.ExecContext(ctx, head+s.dia.marks(len(part)/columns, columns)+tail, part...); err != nil {
			return err
		}
	}
	return nil
}

const obligationColumns = `a.seeker_id, a.rule, a.subject, a.anchor, a.era, a.basis, a.due_strict, a.due, a.stage, a.owner, a.coach_id, a.weight`

// words are texts that many rows have in common, kept once.
type words map[string]string

func (w words) obligation(o *policy.Obligation) []any {
	return []any{&o.Seeker, w.word(&o.Rule), &o.Subject, day{&o.Anchor}, w.word(&o.Era), w.word(&o.Basis), day{&o.DueStrict}, day{&o.Due}, &o.Stage,
		w.word(&o.Owner), w.word(&o.Coach), &o.Weight}
}

func (w words) word(to *string) word { return word{w, to} }

type word struct {
	known words
	to    *string
}

func (w word) Scan(v any) error {
	text, isText := v.(string)
	if !isText {
		return fmt.Errorf("a word is text, not %T", v)
	}
	if _, known := w.known[text]; !known {
		w.known[text] = text
	}
	*w.to = w.known[text]
	return nil
}

// Staged gives the obligations that have something to say, with what was told of each; of all seekers, or of those named.
func (s *DB) Staged(ctx context.Context, seekers ...string) (staged []notice.Staged, err error) {
	where, args := `true`, []any(nil)
	if len(seekers) > 0 {
		args = filled(seekers)
		where = `a.seeker_id IN ` + s.dia.list(1, len(args))
	}
	err = s.eachStaged(ctx, where, args, func(o notice.Staged) bool {
		staged = append(staged, o)
		return true
	})
	return staged, err
}

// EachStaged hands out what Staged gives of all seekers, one by one, until it is told to stop.
func (s *DB) EachStaged(ctx context.Context, hand func(notice.Staged) bool) error {
	return s.eachStaged(ctx, `true`, nil, hand)
}

func (s *DB) eachStaged(ctx context.Context, where string, args []any, hand func(notice.Staged) bool) error {
	var last notice.Staged
	more, known := true, words{}
	err := each(ctx, s.db, `SELECT `+obligationColumns+`, coalesce(t.owner, ''), coalesce(t.stage, 0) FROM agenda a
		LEFT JOIN told t ON t.seeker_id = a.seeker_id AND t.rule = a.rule AND t.subject = a.subject AND t.anchor = a.anchor
		WHERE `+where+` ORDER BY a.seeker_id, a.rule, a.subject, a.anchor`, args, func(r *sql.Rows) error {
		var o policy.Obligation
		var owner string
		var stage policy.Stage
		if err := r.Scan(append(known.obligation(&o), known.word(&owner), &stage)...); err != nil {
			return err
		}
		if last.Obligation != o {
			more = more && (last.Seeker == "" || hand(last))
			last = notice.Staged{Obligation: o}
		}
		if owner != "" {
			if last.Told == nil {
				last.Told = map[string]policy.Stage{}
			}
			last.Told[owner] = max(last.Told[owner], stage)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the agenda: %w", err)
	}
	if more && last.Seeker != "" {
		hand(last)
	}
	return nil
}

// ToldPhone gives the stages that owners were told of by the digest items that are no rule.
func (s *DB) ToldPhone(ctx context.Context) (map[policy.Key]map[string]policy.Stage, error) {
	return s.told(ctx, `rule IN ('short_notice', 'reach_by_phone')`)
}

// Told gives the latest stages that owners were told of by an instant.
func (s *DB) Told(ctx context.Context, by time.Time) (map[policy.Key]map[string]policy.Stage, error) {
	return s.told(ctx, `told_at <= $1`, millis(by))
}

// Telling is a stage of an obligation that an owner (coach or team) was told of, and when.
type Telling struct {
	policy.Key
	Owner string
	Stage policy.Stage
	At    time.Time
}

// ToldOf gives all that was told of one seeker by an instant, the oldest first.
func (s *DB) ToldOf(ctx context.Context, by time.Time, seeker string) ([]Telling, error) {
	var told []Telling
	err := each(ctx, s.db, `SELECT rule, subject, anchor, owner, stage, told_at FROM told WHERE seeker_id = $1 AND told_at <= $2 ORDER BY told_at, rule, subject, anchor, owner, stage`,
		[]any{seeker, millis(by)}, func(r *sql.Rows) error {
			t := Telling{Key: policy.Key{Seeker: seeker}}
			err := r.Scan(&t.Rule, &t.Subject, day{&t.Anchor}, &t.Owner, &t.Stage, moment{&t.At})
			told = append(told, t)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return told, nil
}

func (s *DB) told(ctx context.Context, where string, args ...any) (map[policy.Key]map[string]policy.Stage, error) {
	told := map[policy.Key]map[string]policy.Stage{}
	err := each(ctx, s.db, `SELECT seeker_id, rule, subject, anchor, owner, stage FROM told WHERE `+where, args, func(r *sql.Rows) error {
		var k policy.Key
		var owner string
		var stage policy.Stage
		if err := r.Scan(&k.Seeker, &k.Rule, &k.Subject, day{&k.Anchor}, &owner, &stage); err != nil {
			return err
		}
		if told[k] == nil {
			told[k] = map[string]policy.Stage{}
		}
		told[k][owner] = max(told[k][owner], stage)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return told, nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync/atomic"

	"vireilla/internal/caseload"
	"vireilla/internal/notice"
)

// Caseload owns the copy of the register: staff, seekers, contacts, appointments and training cases.
type Caseload struct {
	*core
	staff atomic.Pointer[staffAsOf]
}

// staffAsOf is the staff as read after so many imports.
type staffAsOf struct {
	imports int64
	staff   *notice.Staff
}

// Staff returns the teams, the coaches (those who left too, marked) and the absences. Every batch of letters asks for
// them; they are read again only after an import.
func (l *Caseload) Staff(ctx context.Context) (*notice.Staff, error) {
	imports, err := l.imports(ctx)
	if err != nil {
		return nil, err
	}
	if known := l.staff.Load(); known != nil && known.imports == imports {
		return known.staff, nil
	}
	staff, err := l.readStaff(ctx) // read after the counter, so it is at least as new as the counter says
	if err == nil {
		l.staff.Store(&staffAsOf{imports, staff})
	}
	return staff, err
}

// imports counts the changes of the register: imports, and each time all cases were woken.
func (l *Caseload) imports(ctx context.Context) (n int64, err error) {
	if _, err = readOne(ctx, l.db, `SELECT n FROM counter WHERE name = 'import'`, nil, &n); err != nil {
		return 0, fmt.Errorf("read imports: %w", err)
	}
	return n, nil
}

func (l *Caseload) readStaff(ctx context.Context) (*notice.Staff, error) {
	teams, err := readAll(ctx, l.db, `SELECT team_id, name, authority, lead_name, lead_email, language
		FROM team WHERE gone_at = 0`, nil, func(t *caseload.Team) []any {
		return []any{&t.ID, &t.Name, &t.Authority, &t.LeadName, &t.LeadEmail, &t.Language}
	})
	if err != nil {
		return nil, fmt.Errorf("read teams: %w", err)
	}
	coaches, err := readAll(ctx, l.db, `SELECT coach_id, name, email, team_id, language, role, gone_at <> 0
		FROM coach`, nil, func(c *caseload.Coach) []any {
		return []any{&c.ID, &c.Name, &c.Email, &c.TeamID, &c.Language, &c.Role, &c.Gone}
	})
	if err != nil {
		return nil, fmt.Errorf("read coaches: %w", err)
	}
	absences, err := readAll(ctx, l.db, `SELECT coach_id, "from", "to", deputy_id
		FROM absence WHERE gone_at = 0`, nil, func(a *caseload.Absence) []any {
		return []any{&a.CoachID, day{&a.From}, day{&a.To}, &a.DeputyID}
	})
	if err != nil {
		return nil, fmt.Errorf("read absences: %w", err)
	}
	return notice.NewStaff(teams, coaches, absences), nil
}

// Counts returns how many seekers and coaches the register holds, without those who left.
func (l *Caseload) Counts(ctx context.Context) (seekers, coaches int, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM seeker WHERE gone_at = 0),
		(SELECT count(*) FROM coach WHERE gone_at = 0 AND role = 'coach')`).Scan(&seekers, &coaches)
	return seekers, coaches, err
}

const seekerColumns = `s.seeker_id, s.first_name, s.email, s.email_tier, s.service_language, s.municipality, s.coach_id,
	s.job_search_started, s.job_search_ended, s.previous_job_search_ended, s.unemployment_started, s.status,
	s.service_line, s.supplementary_weeks, s.protected <> 0`

func seekerFields(k *caseload.Seeker) []any {
	return []any{&k.ID, &k.FirstName, &k.Email, &k.EmailTier, &k.Language, &k.Municipality, &k.CoachID,
		day{&k.JobSearchStarted}, day{&k.JobSearchEnded}, day{&k.PreviousJobSearchEnded}, day{&k.UnemploymentStarted},
		&k.Status, &k.ServiceLine, &k.SupplementaryWeeks, &k.Protected}
}

// Seekers returns the named seekers by id, without those who left the register.
func (l *Caseload) Seekers(ctx context.Context, ids []string) (map[string]caseload.Seeker, error) {
	found := map[string]caseload.Seeker{}
	for part := range slices.Chunk(ids, 500) {
		args := padded(part)
		seekers, err := readAll(ctx, l.db, `SELECT `+seekerColumns+` FROM seeker s
			WHERE s.gone_at = 0 AND s.seeker_id IN `+l.list(1, len(args)), args, seekerFields)
		if err != nil {
			return nil, fmt.Errorf("read seekers: %w", err)
		}
		for _, k := range seekers {
			found[k.ID] = k
		}
	}
	return found, nil
}

// caseChunk is how many cases are read and evaluated together.
const caseChunk = 500

// Cases calls f with all cases in the order of seeker ids, a few hundred at a time, without those who left the
// register.
func (l *Caseload) Cases(ctx context.Context, f func([]notice.Awake) error) error {
	after := ""
	for {
		ids, err := readAll(ctx, l.db, `SELECT seeker_id FROM seeker WHERE gone_at = 0 AND seeker_id > $1
			ORDER BY seeker_id LIMIT `+fmt.Sprint(caseChunk), []any{after}, func(id *string) []any { return []any{id} })
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		cases, err := l.cases(ctx, l.db, ids)
		if err != nil {
			return err
		}
		if err := f(cases); err != nil {
			return err
		}
	}
}

// Case returns the case of one seeker, who must not have left the register.
func (l *Caseload) Case(ctx context.Context, seeker string) (caseload.Case, error) {
	cases, err := l.cases(ctx, l.db, []string{seeker})
	if err == nil && (len(cases) == 0 || cases[0].Gone) {
		err = fmt.Errorf("no such seeker %q", seeker)
	}
	if err != nil {
		return caseload.Case{}, err
	}
	return cases[0].Case, nil
}

// cases reads the named cases in the order of seeker ids. At least one must be named.
func (l *Caseload) cases(ctx context.Context, q querier, ids []string) ([]notice.Awake, error) {
	args := anys(ids)
	among := l.list(1, len(args))
	cases, err := readAll(ctx, q, `SELECT `+seekerColumns+`, s.gone_at <> 0 FROM seeker s WHERE s.seeker_id IN `+among+`
		ORDER BY s.seeker_id`, args, func(a *notice.Awake) []any { return append(seekerFields(&a.Seeker), &a.Gone) })
	if err != nil {
		return nil, err
	}
	place := map[string]int{}
	for i := range cases {
		place[cases[i].Seeker.ID] = i
	}
	err = forRows(ctx, q, `SELECT contact_id, seeker_id, kind, held_on FROM contact
		WHERE gone_at = 0 AND seeker_id IN `+among, args, func(r *sql.Rows) error {
		var c caseload.Contact
		err := r.Scan(&c.ID, &c.SeekerID, &c.Kind, day{&c.HeldOn})
		if i, ok := place[c.SeekerID]; ok {
			cases[i].Contacts = append(cases[i].Contacts, c)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = forRows(ctx, q, `SELECT `+trainingColumns+` FROM training t
		WHERE t.gone_at = 0 AND t.seeker_id IN `+among, args, func(r *sql.Rows) error {
		var t caseload.Training
		err := r.Scan(trainingFields(&t)...)
		if i, ok := place[t.SeekerID]; ok {
			cases[i].Training = append(cases[i].Training, t)
		}
		return err
	})
	return cases, err
}

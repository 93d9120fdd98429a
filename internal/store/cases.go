package store

import (
	"context"
	"database/sql"
	"fmt"

	"vireilla/internal/caseload"
	"vireilla/internal/notice"
)

// staffAsOf is the staff as it was read when so many imports had been put in force.
type staffAsOf struct {
	imports int64
	staff   *notice.Staff
}

// Staff gives the teams, the coaches (those who left too, marked) and the absences. Every batch of letters asks: they are read anew only behind an import.
func (s *DB) Staff(ctx context.Context) (*notice.Staff, error) {
	imports, err := s.imports(ctx)
	if err != nil {
		return nil, err
	}
	if known := s.staff.Load(); known != nil && known.imports == imports {
		return known.staff, nil
	}
	staff, err := s.readStaff(ctx) // behind the counter: it can only be newer than that says
	if err == nil {
		s.staff.Store(&staffAsOf{imports, staff})
	}
	return staff, err
}

// imports counts what brought the register something new, or woke everybody.
func (s *DB) imports(ctx context.Context) (n int64, err error) {
	err = each(ctx, s.db, `SELECT n FROM counter WHERE name = 'import'`, nil, func(r *sql.Rows) error { return r.Scan(&n) })
	if err != nil {
		return 0, fmt.Errorf("read imports: %w", err)
	}
	return n, nil
}

func (s *DB) readStaff(ctx context.Context) (*notice.Staff, error) {
	var teams []caseload.Team
	var coaches []caseload.Coach
	var absences []caseload.Absence
	err := each(ctx, s.db, `SELECT team_id, name, authority, lead_name, lead_email, language FROM team WHERE gone_at = 0`, nil, func(r *sql.Rows) error {
		var t caseload.Team
		err := r.Scan(&t.ID, &t.Name, &t.Authority, &t.LeadName, &t.LeadEmail, &t.Language)
		teams = append(teams, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read teams: %w", err)
	}
	err = each(ctx, s.db, `SELECT coach_id, name, email, team_id, language, role, gone_at <> 0 FROM coach`, nil, func(r *sql.Rows) error {
		var c caseload.Coach
		err := r.Scan(&c.ID, &c.Name, &c.Email, &c.TeamID, &c.Language, &c.Role, &c.Gone)
		coaches = append(coaches, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read coaches: %w", err)
	}
	err = each(ctx, s.db, `SELECT coach_id, "from", "to", deputy_id FROM absence WHERE gone_at = 0`, nil, func(r *sql.Rows) error {
		var a caseload.Absence
		err := r.Scan(&a.CoachID, day{&a.From}, day{&a.To}, &a.DeputyID)
		absences = append(absences, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read absences: %w", err)
	}
	return notice.NewStaff(teams, coaches, absences), nil
}

const seekerColumns = `s.seeker_id, s.first_name, s.email, s.email_tier, s.service_language, s.municipality, s.coach_id, s.job_search_started,
	s.job_search_ended, s.previous_job_search_ended, s.unemployment_started, s.status, s.service_line, s.supplementary_weeks, s.protected <> 0`

func seekerFields(k *caseload.Seeker) []any {
	return []any{&k.ID, &k.FirstName, &k.Email, &k.EmailTier, &k.Language, &k.Municipality, &k.CoachID, day{&k.JobSearchStarted}, day{&k.JobSearchEnded},
		day{&k.PreviousJobSearchEnded}, day{&k.UnemploymentStarted}, &k.Status, &k.ServiceLine, &k.SupplementaryWeeks, &k.Protected}
}

// Awake is a case to be looked at.
type Awake = notice.Awake

// Cases hands every living case to f, in the order of seeker ids, a few hundred at a time.
func (s *DB) Cases(ctx context.Context, f func([]Awake) error) error {
	after := ""
	for {
		var ids []string
		err := each(ctx, s.db, `SELECT seeker_id FROM seeker WHERE gone_at = 0 AND seeker_id > $1 ORDER BY seeker_id LIMIT `+fmt.Sprint(chunkSize), []any{after}, func(r *sql.Rows) error {
			err := r.Scan(&after)
			ids = append(ids, after)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		cases, err := s.cases(ctx, s.db, ids)
		if err != nil {
			return err
		}
		if err := f(cases); err != nil {
			return err
		}
	}
}

// Case gives one living case.
func (s *DB) Case(ctx context.Context, seeker string) (caseload.Case, error) {
	cases, err := s.cases(ctx, s.db, []string{seeker})
	if err == nil && (len(cases) == 0 || cases[0].Gone) {
		err = fmt.Errorf("no such seeker %q", seeker)
	}
	if err != nil {
		return caseload.Case{}, err
	}
	return cases[0].Case, nil
}

// cases reads some cases, in the order of seeker ids; at least one must be named.
func (s *DB) cases(ctx context.Context, q querier, ids []string) (cases []Awake, err error) {
	place := map[string]int{}
	args := anys(ids)
	among := s.dia.list(1, len(args))
	err = each(ctx, q, `SELECT `+seekerColumns+`, s.gone_at <> 0 FROM seeker s WHERE s.seeker_id IN `+among+` ORDER BY s.seeker_id`, args, func(r *sql.Rows) error {
		var a Awake
		err := r.Scan(append(seekerFields(&a.Seeker), &a.Gone)...)
		place[a.Seeker.ID] = len(cases)
		cases = append(cases, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, q, `SELECT contact_id, seeker_id, kind, held_on FROM contact WHERE gone_at = 0 AND seeker_id IN `+among, args, func(r *sql.Rows) error {
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
	err = each(ctx, q, `SELECT `+trainingColumns+` FROM training t WHERE t.gone_at = 0 AND t.seeker_id IN `+among, args, func(r *sql.Rows) error {
		var t caseload.Training
		err := r.Scan(trainingFields(&t)...)
		if i, ok := place[t.SeekerID]; ok {
			cases[i].Training = append(cases[i].Training, t)
		}
		return err
	})
	return cases, err
}

const trainingColumns = `t.training_id, t.seeker_id, t.kind, t.state, t.applied_on, t.information_complete_on, t.clarification_due, t.study_starts_on,
	t.decided_on, t.notified_on, t.handler_id`

func trainingFields(t *caseload.Training) []any {
	return []any{&t.ID, &t.SeekerID, &t.Kind, &t.State, day{&t.AppliedOn}, day{&t.InformationCompleteOn}, day{&t.ClarificationDue}, day{&t.StudyStartsOn},
		day{&t.DecidedOn}, day{&t.NotifiedOn}, &t.HandlerID}
}

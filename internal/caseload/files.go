package caseload

// Kind is how a column is written in the feed and kept in SQL.
type Kind int

// The kinds. SQL keeps days as text ("2024-03-04", "" when not set), moments as milliseconds since 1970 UTC (0 when not
// set) and booleans as 0 or 1.
const (
	Text    Kind = iota // free text without control characters
	ID                  // 1–64 of A–Z a–z 0–9 . _ : -
	Word                // one of Column.Words
	Tag                 // a language tag such as fi or fi-selko
	Email               // an address
	Name                // a first name
	DayKind             // a day
	Moment              // an instant
	Number              // a whole number in Column.Least … Column.Most; 0 when not set
	Flag                // true or false
)

// Column of a file of the feed.
type Column struct {
	Name        string // in the header line and in SQL
	Kind        Kind
	Required    bool
	Words       []string
	Default     string // what an empty field means
	Ref         string // the file whose id this names
	Least, Most int
	From        string // not in the file: the local date of the moment in the column From
}

// File is one file of the feed, and the table its rows are kept in. The columns of Key together identify a row.
type File struct {
	Name, Table string
	Key         []string
	Columns     []Column
}

// Files gives the files of the feed, each after the files whose ids it names.
func Files() []File {
	return []File{
		{"teams.csv", "team", []string{"team_id"}, []Column{
			{Name: "team_id", Kind: ID, Required: true},
			{Name: "name", Required: true},
			{Name: "authority", Required: true},
			{Name: "lead_name"},
			{Name: "lead_email", Kind: Email, Required: true},
			{Name: "language", Kind: Word, Words: staffLanguages(), Default: "fi"},
		}},
		{"coaches.csv", "coach", []string{"coach_id"}, []Column{
			{Name: "coach_id", Kind: ID, Required: true},
			{Name: "name", Required: true},
			{Name: "email", Kind: Email, Required: true},
			{Name: "team_id", Kind: ID, Required: true, Ref: "teams.csv"},
			{Name: "language", Kind: Word, Words: staffLanguages(), Default: "fi"},
			{Name: "role", Kind: Word, Words: []string{"coach", "expert"}, Default: "coach"},
		}},
		{"absences.csv", "absence", []string{"coach_id", "from", "to"}, []Column{
			{Name: "coach_id", Kind: ID, Required: true, Ref: "coaches.csv"},
			{Name: "from", Kind: DayKind, Required: true},
			{Name: "to", Kind: DayKind, Required: true},
			{Name: "deputy_id", Kind: ID, Ref: "coaches.csv"},
		}},
		{"seekers.csv", "seeker", []string{"seeker_id"}, []Column{
			{Name: "seeker_id", Kind: ID, Required: true},
			{Name: "first_name", Kind: Name},
			{Name: "email", Kind: Email},
			{Name: "email_tier", Kind: Word, Words: []string{"none", "neutral", "consented", "secure"}, Default: "neutral"},
			{Name: "service_language", Kind: Tag, Default: "fi"},
			{Name: "municipality", Required: true},
			{Name: "coach_id", Kind: ID, Required: true, Ref: "coaches.csv"},
			{Name: "job_search_started", Kind: DayKind},
			{Name: "job_search_ended", Kind: DayKind},
			{Name: "previous_job_search_ended", Kind: DayKind},
			{Name: "unemployment_started", Kind: DayKind},
			{Name: "status", Kind: Word, Words: []string{Unemployed, "under_threat", "part_time", "reduced_hours", InService, Employed}, Default: Unemployed},
			{Name: "service_line"},
			{Name: "supplementary_weeks", Kind: Number, Least: 1, Most: 104},
			{Name: "protected", Kind: Flag},
		}},
		{"contacts.csv", "contact", []string{"contact_id"}, []Column{
			{Name: "contact_id", Kind: ID, Required: true},
			{Name: "seeker_id", Kind: ID, Required: true, Ref: "seekers.csv"},
			{Name: "coach_id", Kind: ID, Ref: "coaches.csv"},
			{Name: "kind", Kind: Word, Required: true, Words: []string{InitialInterview, PeriodicInterview, JobSearchDiscussion, SupplementaryDiscussion,
				"call_attempt", "call", "sms", "email", "letter", "other"}},
			{Name: "mode", Kind: Word, Words: modes()},
			{Name: "held_at", Kind: Moment, Required: true},
			{Name: "held_on", Kind: DayKind, From: "held_at"},
		}},
		{"appointments.csv", "appointment", []string{"appointment_id"}, []Column{
			{Name: "appointment_id", Kind: ID, Required: true},
			{Name: "seeker_id", Kind: ID, Required: true, Ref: "seekers.csv"},
			{Name: "coach_id", Kind: ID, Required: true, Ref: "coaches.csv"},
			{Name: "kind", Required: true},
			{Name: "starts_at", Kind: Moment, Required: true},
			{Name: "minutes", Kind: Number, Least: 1, Most: 1440, Default: "45"},
			{Name: "mode", Kind: Word, Words: modes()},
			{Name: "place"},
			{Name: "state", Kind: Word, Words: []string{Booked, Cancelled, Held, Missed}, Default: Booked},
			{Name: "booked_at", Kind: Moment, Required: true},
			{Name: "changed_at", Kind: Moment},
			{Name: "cancelled_at", Kind: Moment},
		}},
		{"training.csv", "training", []string{"training_id"}, []Column{
			{Name: "training_id", Kind: ID, Required: true},
			{Name: "seeker_id", Kind: ID, Required: true, Ref: "seekers.csv"},
			{Name: "kind", Kind: Word, Required: true, Words: []string{LabourMarketTraining, SelfMotivatedStudy, ShortStudy, IntegrationTraining, RecruitmentTraining}},
			{Name: "state", Kind: Word, Required: true, Words: []string{Applied, ClarificationRequested, UnderReview, SelectionPending, DecidedPositive, DecidedNegative,
				Notified, Withdrawn}},
			{Name: "applied_on", Kind: DayKind, Required: true},
			{Name: "information_complete_on", Kind: DayKind},
			{Name: "clarification_due", Kind: DayKind},
			{Name: "study_starts_on", Kind: DayKind},
			{Name: "decided_on", Kind: DayKind},
			{Name: "notified_on", Kind: DayKind},
			{Name: "handler_id", Kind: ID, Ref: "coaches.csv"},
		}},
	}
}

func modes() []string { return []string{"office", "phone", "video"} }

func staffLanguages() []string { return []string{"fi", "sv", "en"} }

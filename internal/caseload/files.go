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
	Meaning     string // one sentence for docs/feed.md; empty when From is set
}

// File is one file of the feed, and the table its rows are kept in. The columns of Key together identify a row.
type File struct {
	Name, Table string
	Meaning     string // one sentence for docs/feed.md
	Key         []string
	Columns     []Column
}

// Files gives the files of the feed, each after the files whose ids it names.
func Files() []File {
	return []File{teams(), coaches(), absences(), seekers(), contacts(), appointments(), training()}
}

func modes() []string { return []string{"office", "phone", "video"} }

func staffLanguages() []string { return []string{"fi", "sv", "en"} }

func teams() File {
	return File{Name: "teams.csv", Table: "team", Key: []string{"team_id"},
		Meaning: "The teams of coaches, each with the lead who gets what no coach can take.",
		Columns: []Column{
			{Name: "team_id", Kind: ID, Required: true,
				Meaning: "The team's id, which must not be the id of a coach as well."},
			{Name: "name", Required: true,
				Meaning: "The team's name, which is kept but stands in no letter."},
			{Name: "authority", Required: true,
				Meaning: "The id of the team's employment authority in the policy file, such as `lahti`: its name stands in " +
					"the letters to the team, and none go out while it is closed; an unknown id counts as the first " +
					"authority."},
			{Name: "lead_name",
				Meaning: "The name of the team lead, which is kept but stands in no letter."},
			{Name: "lead_email", Kind: Email, Required: true,
				Meaning: "The team lead's address, for escalations and for the work of an absent coach without a deputy."},
			{Name: "language", Kind: Word, Words: staffLanguages(), Default: "fi",
				Meaning: "The language of the letters to the team lead."},
		}}
}

func coaches() File {
	return File{Name: "coaches.csv", Table: "coach", Key: []string{"coach_id"},
		Meaning: "The personal coaches and the experts who own training steps.",
		Columns: []Column{
			{Name: "coach_id", Kind: ID, Required: true,
				Meaning: "The coach's id."},
			{Name: "name", Required: true,
				Meaning: "The coach's name: its first word stands in appointment letters of the tiers `consented` and " +
					"`secure`."},
			{Name: "email", Kind: Email, Required: true,
				Meaning: "The address that the coach's daily digest goes to."},
			{Name: "team_id", Kind: ID, Required: true, Ref: "teams.csv",
				Meaning: "The coach's team, whose lead gets the coach's escalations."},
			{Name: "language", Kind: Word, Words: staffLanguages(), Default: "fi",
				Meaning: "The language of the letters to the coach."},
			{Name: "role", Kind: Word, Words: []string{"coach", "expert"}, Default: "coach",
				Meaning: "`expert` is somebody of the network who owns training steps but no seekers; letters treat both " +
					"alike."},
		}}
}

func absences() File {
	return File{Name: "absences.csv", Table: "absence", Key: []string{"coach_id", "from", "to"},
		Meaning: "The days on which coaches are away, and who stands in for them.",
		Columns: []Column{
			{Name: "coach_id", Kind: ID, Required: true, Ref: "coaches.csv",
				Meaning: "The coach who is away."},
			{Name: "from", Kind: DayKind, Required: true,
				Meaning: "The first day of the absence."},
			{Name: "to", Kind: DayKind, Required: true,
				Meaning: "The last day of the absence, which is not before `from`."},
			{Name: "deputy_id", Kind: ID, Ref: "coaches.csv",
				Meaning: "The coach who gets the digest items of these days; without one, or when the deputy is away too, " +
					"the team lead gets them."},
		}}
}

func seekers() File {
	statuses := []string{Unemployed, "under_threat", "part_time", "reduced_hours", InService, Employed}
	return File{Name: "seekers.csv", Table: "seeker", Key: []string{"seeker_id"},
		Meaning: "The job seekers, one row for each, with their present job search.",
		Columns: []Column{
			{Name: "seeker_id", Kind: ID, Required: true,
				Meaning: "The job seeker's id, which stands in letters to the staff, in logs and on the pages."},
			{Name: "first_name", Kind: Name,
				Meaning: "The first name, for the greeting in letters of the tiers `consented` and `secure`; staff letters show " +
					"its first letter."},
			{Name: "email", Kind: Email,
				Meaning: "The seeker's address; without one there are no letters, and the coach is asked to phone."},
			{Name: "email_tier", Kind: Word, Words: []string{"none", "neutral", "consented", "secure"}, Default: "neutral",
				Meaning: "How much a letter may say: `none`: there are no letters; `neutral`: that there is something, and " +
					"when; `consented`: names, kind and place of an appointment too; `secure`: also what a training " +
					"matter is about."},
			{Name: "service_language", Kind: Tag, Default: "fi",
				Meaning: "The language of the letters to the seeker: `fi`, `sv`, `en` or one of their variants; " +
					"in every other language the letter is in Finnish and English."},
			{Name: "municipality", Required: true,
				Meaning: "The municipality of residence, spelt as in the policy file, such as `Lahti`: the authority that " +
					"serves it on the day stands in the letters; an unknown name counts as the first authority."},
			{Name: "coach_id", Kind: ID, Required: true, Ref: "coaches.csv",
				Meaning: "The seeker's personal coach, who gets what is due."},
			{Name: "job_search_started", Kind: DayKind,
				Meaning: "The day on which the present job search began (380/2023 27 §); without it no contact is due, " +
					"and contacts held earlier do not count."},
			{Name: "job_search_ended", Kind: DayKind,
				Meaning: "The day on which it ended: from this day on no contact is due and no letter goes to the seeker."},
			{Name: "previous_job_search_ended", Kind: DayKind,
				Meaning: "The day on which the job search before it ended: a search that starts within six months of it needs " +
					"no new initial interview (380/2023 31 §)."},
			{Name: "unemployment_started", Kind: DayKind,
				Meaning: "The day on which unemployment began, from which periodic interviews are counted in job searches under " +
					"the rules in force until 1 May 2022 (916/2012 chapter 2)."},
			{Name: "status", Kind: Word, Words: statuses, Default: Unemployed,
				Meaning: "What the seeker does now: with `in_service` and `employed` no contact is due, and only `unemployed` " +
					"has periodic interviews under the rules in force until 1 May 2022."},
			{Name: "service_line",
				Meaning: "The service line, which is kept and changes nothing."},
			{Name: "supplementary_weeks", Kind: Number, Least: 1, Most: 104,
				Meaning: "Weeks from one discussion to the next supplementary one, under the rules in force from 1 January 2026 " +
					"(380/2023 32 §); without it none is due."},
			{Name: "protected", Kind: Flag,
				Meaning: "`true` for a person under a non-disclosure order (turvakielto): no letter goes to them, the coach is " +
					"asked to phone, and staff letters show the id alone."},
		}}
}

func contacts() File {
	kinds := []string{InitialInterview, PeriodicInterview, JobSearchDiscussion, SupplementaryDiscussion,
		"call_attempt", "call", "sms", "email", "letter", "other"}
	return File{Name: "contacts.csv", Table: "contact", Key: []string{"contact_id"},
		Meaning: "What passed between the office and a seeker, from which the next contact is counted.",
		Columns: []Column{
			{Name: "contact_id", Kind: ID, Required: true,
				Meaning: "The contact's id."},
			{Name: "seeker_id", Kind: ID, Required: true, Ref: "seekers.csv",
				Meaning: "Whom the contact was with."},
			{Name: "coach_id", Kind: ID, Ref: "coaches.csv",
				Meaning: "Who held it, which is kept and changes nothing."},
			{Name: "kind", Kind: Word, Required: true, Words: kinds,
				Meaning: "What it was: the interviews and discussions (380/2023 31–33 §) meet what is due; the other kinds " +
					"never do."},
			{Name: "mode", Kind: Word, Words: modes(),
				Meaning: "How it was held, which is kept and changes nothing."},
			{Name: "held_at", Kind: Moment, Required: true,
				Meaning: "When it was held: what counts is the local day, from `job_search_started` on."},
			{Name: "held_on", Kind: DayKind, From: "held_at"},
		}}
}

func appointments() File {
	return File{Name: "appointments.csv", Table: "appointment", Key: []string{"appointment_id"},
		Meaning: "The times that are booked for seekers, of which letters tell them.",
		Columns: []Column{
			{Name: "appointment_id", Kind: ID, Required: true,
				Meaning: "The appointment's id, which stays the same when the appointment is moved or cancelled."},
			{Name: "seeker_id", Kind: ID, Required: true, Ref: "seekers.csv",
				Meaning: "Whom the appointment is for."},
			{Name: "coach_id", Kind: ID, Required: true, Ref: "coaches.csv",
				Meaning: "Whom it is with, and who is asked to phone when no letter can go."},
			{Name: "kind", Required: true,
				Meaning: "What it is about: letters have a phrase for `initial_interview`, `periodic_interview`, " +
					"`job_search_discussion` and `supplementary_discussion`, and call everything else a meeting."},
			{Name: "starts_at", Kind: Moment, Required: true,
				Meaning: "When it starts; a new value is told to the seeker as a change."},
			{Name: "minutes", Kind: Number, Least: 1, Most: 1440, Default: "45",
				Meaning: "How many minutes it lasts, for the calendar invitation."},
			{Name: "mode", Kind: Word, Words: modes(),
				Meaning: "How it is held; letters treat an empty field as `office`, calendar invitations then leave the " +
					"place out."},
			{Name: "place",
				Meaning: "Where it is held: the whole text stands in letters of the tiers `consented` and `secure`, " +
					"unless the mode is `phone` or `video`."},
			{Name: "state", Kind: Word, Words: []string{Booked, Cancelled, Held, Missed}, Default: Booked,
				Meaning: "What became of it: `cancelled` is told to a seeker who was told of the time; " +
					"`held` and `missed` count as `booked` until the start."},
			{Name: "booked_at", Kind: Moment, Required: true,
				Meaning: "When it was booked: before that it does not exist, and less than seven days before the start the " +
					"coach is asked to phone too."},
			{Name: "changed_at", Kind: Moment,
				Meaning: "When it was last moved: when that is less than seven days before the start, the coach is asked to " +
					"phone too."},
			{Name: "cancelled_at", Kind: Moment,
				Meaning: "When it was cancelled: with the state `cancelled` it counts as booked until then; without it, " +
					"as cancelled from the beginning."},
		}}
}

func training() File {
	kinds := []string{LabourMarketTraining, SelfMotivatedStudy, ShortStudy, IntegrationTraining, RecruitmentTraining}
	states := []string{Applied, ClarificationRequested, UnderReview, SelectionPending, DecidedPositive, DecidedNegative,
		Notified, Withdrawn}
	return File{Name: "training.csv", Table: "training", Key: []string{"training_id"},
		Meaning: "Training cases that wait for a statement, a selection or a decision, or have one.",
		Columns: []Column{
			{Name: "training_id", Kind: ID, Required: true,
				Meaning: "The case's id."},
			{Name: "seeker_id", Kind: ID, Required: true, Ref: "seekers.csv",
				Meaning: "Whose case it is."},
			{Name: "kind", Kind: Word, Required: true, Words: kinds,
				Meaning: "What is applied for: `self_motivated_study` and `short_study` need a labour policy statement " +
					"(1290/2002 chapter 11), the other three a selection of students."},
			{Name: "state", Kind: Word, Required: true, Words: states,
				Meaning: "How far the case has come; it says which of the days below is counted from."},
			{Name: "applied_on", Kind: DayKind, Required: true,
				Meaning: "The day of the application: before it the case does not exist."},
			{Name: "information_complete_on", Kind: DayKind,
				Meaning: "The day on which nothing more was needed from the seeker, from which the time for the statement is " +
					"counted (government decree 1556/2016); without it no statement is due."},
			{Name: "clarification_due", Kind: DayKind,
				Meaning: "The last day for the seeker's answer in the state `clarification_requested`: " +
					"letters ask for it before and on that day."},
			{Name: "study_starts_on", Kind: DayKind,
				Meaning: "The day on which the studies start, from which the days for the decision and the selection are " +
					"counted back."},
			{Name: "decided_on", Kind: DayKind,
				Meaning: "The day of the decision, from which the time to tell the seeker is counted; " +
					"before it the state counts as `under_review`."},
			{Name: "notified_on", Kind: DayKind,
				Meaning: "The day on which the decision can be read: with the state `notified` a letter tells the seeker so; " +
					"before it the state counts as `decided_positive`."},
			{Name: "handler_id", Kind: ID, Ref: "coaches.csv",
				Meaning: "Who handles the case and is reminded of it; without one it is the seeker's coach."},
		}}
}

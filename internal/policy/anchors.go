package policy

import (
	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// anchor is a word that a rule may count from: the day, and the sentences that explain it to people.
type anchor struct {
	day     func(f *finding) calendar.Day // 0: there is no such day yet
	text    func(f *finding) string       // what happened on the day, up to "on"
	missing func(f *finding) (because, change string)
}

func contactAnchors() map[string]anchor {
	return map[string]anchor{
		"job_search_started": {
			func(f *finding) calendar.Day { return f.c.seeker.JobSearchStarted },
			phrase("the job search started on"),
			sentences("no job search has started", "a job search"),
		},
		"last_discussion": {
			func(f *finding) calendar.Day { return f.c.lastDiscussion },
			phrase("the last interview or discussion was held on"),
			sentences("no interview or discussion has been held in this job search", "the first one held"),
		},
		"last_interview_or_unemployment": {
			func(f *finding) calendar.Day { return max(f.c.lastInterview, f.c.seeker.UnemploymentStarted) },
			func(f *finding) string {
				if f.c.seeker.UnemploymentStarted > f.c.lastInterview {
					return "unemployment started on"
				}
				return "the last interview was held on"
			},
			sentences("no interview has been held in this job search, and no day is known on which unemployment started",
				"the first interview held"),
		},
		"last_interview_or_resumed_search": {
			func(f *finding) calendar.Day {
				if f.c.lastInterview == 0 && f.c.resumed(f.p) {
					return f.c.seeker.JobSearchStarted
				}
				return f.c.lastInterview
			},
			func(f *finding) string {
				if f.c.lastInterview == 0 {
					return "the job search was resumed on"
				}
				return "the last interview was held on"
			},
			sentences("no interview has been held in this job search", "the first interview held"),
		},
		"intensive_month": {
			func(f *finding) calendar.Day { return f.c.intensiveMonth() },
			func(f *finding) string {
				return "the intensive month after the initial interview on " + dayText(f.c.initialInterview) + " began on"
			},
			func(f *finding) (because, change string) {
				if f.c.initialInterview == 0 {
					return "no initial interview has been held in this job search", "an initial interview held"
				}
				return "the next intensive month begins on " + dayText(f.c.nextIntensiveMonth()) +
					", counted in half-years from the initial interview on " + dayText(f.c.initialInterview), "that day"
			},
		},
	}
}

func trainingAnchors() map[string]anchor {
	of := func(day func(t *caseload.Training) calendar.Day, text, because, change string) anchor {
		return anchor{func(f *finding) calendar.Day { return day(f.t) }, phrase(text), sentences(because, change)}
	}
	return map[string]anchor{
		"information_complete_on": of(func(t *caseload.Training) calendar.Day { return t.InformationCompleteOn },
			"the information was complete on",
			"it is not known when the information was complete", "the information being complete"),
		"clarification_due": of(func(t *caseload.Training) calendar.Day { return t.ClarificationDue },
			"the clarification is asked for by", "no day is set for the clarification", "such a day"),
		"study_starts_on": of(func(t *caseload.Training) calendar.Day { return t.StudyStartsOn },
			"the studies start on", "it is not known when the studies start", "the day on which they start"),
		"decided_on": of(func(t *caseload.Training) calendar.Day { return t.DecidedOn },
			"the decision was made on", "it is not known when the decision was made", "the day of the decision"),
	}
}

func phrase(text string) func(*finding) string { return func(*finding) string { return text } }

func sentences(because, change string) func(*finding) (string, string) {
	return func(*finding) (string, string) { return because, change }
}

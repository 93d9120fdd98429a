package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/notice"
)

// late is how old a due letter may be before somebody should look: the sweep rings every minute, and a full run is out well within this time.
const late = 10 * time.Minute

// problem is something that is wrong, and what to do about it.
type problem struct {
	Bad        bool // nothing goes out, or letters are being lost; otherwise a person should look today
	Title, Say string
	Links      []link
	Command    string // that does it on a terminal; "" for none
}

type link struct {
	Href, Text string
	Act        bool // leads to something that changes what goes out
}

// problems says what is wrong, the worst first.
func (p *Pages) problems(s *status, now time.Time) []problem {
	var all []problem
	if s.KillSwitch {
		all = append(all, problem{Bad: true, Title: "Letters are stopped",
			Say:   "The kill switch is on: no letter goes out until somebody turns it off. " + waiting(s.Due),
			Links: p.acts("/switch/start", "Let letters go out again"), Command: "vireilla outbox start --yes"})
	}
	if s.Stale > 0 {
		all = append(all, problem{Bad: true, Title: "The database is older than the send journal",
			Say: "It was restored from a backup, or is another one, and does not know which letters went out since: none goes out until somebody has looked. " +
				"On each machine with workers import the newest feed, see what vireilla journal shows, and let the outbox take it over.",
			Command: "vireilla journal accept --yes"})
	}
	switch {
	case s.QueueDown || s.ShowWorkers && !s.WorkersKnown:
		all = append(all, problem{Bad: true, Title: "The queue cannot be used",
			Say: "Letters go out without it, but more slowly, where a vireilla serve with workers runs. See whether Redis runs, has memory left and may be written to, " +
				"whether its maxmemory-policy is noeviction and REDIS_URL is right; the log of vireilla serve says what it is. Nothing is lost meanwhile."})
	case s.ShowWorkers && len(s.Workers) == 0:
		all = append(all, problem{Bad: true, Title: "No worker is at work", Say: "Nothing is planned or sent until one is. See why vireilla serve is not running, and start it."})
	}
	if s.Paused && !s.QueueDown {
		all = append(all, problem{Bad: true, Title: "A queue is paused",
			Say:   "What it holds waits until somebody resumes it, and letters with it. Ask who paused it, and why; to stop letters there is the kill switch.",
			Links: p.monitor()})
	}
	if s.Age > late && !s.KillSwitch && s.Stale == 0 {
		due := "It waits for its next try."
		if s.Due > 0 {
			due = waiting(s.Due)
		}
		all = append(all, problem{Bad: true, Title: "Letters are late",
			Say: fmt.Sprintf("The oldest has been due for %s. %s See whether the relay answers, and what the log of vireilla serve says.", span(s.Age), due)})
	}
	for _, t := range s.Missed {
		all = append(all, problem{Bad: true, Title: "The timetable stands still",
			Say: fmt.Sprintf("%s was to begin %s ago, and did not. See whether a vireilla serve with the timetable is running.", words(t.Name), span(now.Sub(t.Next)))})
	}
	if n := s.refused(); n > 0 {
		all = append(all, problem{Bad: true, Title: "The relay takes no letters",
			Say:   fmt.Sprintf("%s of today could not go out, because the relay cannot be reached, cannot prove who it is, or refuses this program. See SMTP_URL, the password and the relay. They are tried again by themselves.", count(n, "letter")),
			Links: []link{{Href: "/letters?state=deferred&day=", Text: "The letters that wait"}}})
	}
	for _, run := range s.Held {
		name := fmt.Sprintf("%s/%s", run.Kind, run.Day)
		all = append(all, problem{Title: "A run is held by the guard: " + words(run.Kind) + ", " + run.Day.String(),
			Say: fmt.Sprintf("It planned %s, unusually many, so none of them went out; %s would still be of use. Look at some of them. When they are right, release the run; when not, leave it held and see what was imported.",
				count(run.Planned, "letter"), number(run.Left)),
			Links:   append([]link{{Href: "/letters?state=held&day=" + run.Day.String(), Text: "The held letters"}}, p.acts("/runs/"+name+"/release", "Release the run")...),
			Command: "vireilla outbox release " + name + " --yes"})
	}
	if s.HeldOnes > 0 {
		all = append(all, problem{Title: count(s.HeldOnes, "letter") + " held for a person to decide",
			Say: "They may have arrived already. Try them again, or withdraw them.", Links: []link{{Href: "/letters?state=held&day=", Text: "The held letters"}}})
	}
	if s.FailedOnes > 0 {
		all = append(all, problem{Title: count(s.FailedOnes, "letter") + " failed and would still be of use",
			Say: "The list says why. Correct that first: an address in the register, a template, a setting. Then try them again.", Links: []link{{Href: "/letters?state=failed&day=", Text: "The failed letters"}}})
	}
	slices.SortStableFunc(all, func(a, b problem) int { return cmp.Compare(weight(a), weight(b)) })
	return all
}

func weight(p problem) int {
	if p.Bad {
		return 0
	}
	return 1
}

func waiting(due int) string {
	if due == 1 {
		return "1 letter is due."
	}
	return count(due, "letter") + " are due."
}

// acts is a link to a deed, where deeds are possible.
func (p *Pages) acts(href, text string) []link {
	if p.Actions == nil {
		return nil
	}
	return []link{{Href: href, Text: text, Act: true}}
}

// monitor is a link to the queue monitor, where there is one.
func (p *Pages) monitor() []link {
	if !p.Queues {
		return nil
	}
	return []link{{Href: "/queues/", Text: "The queues"}}
}

// refused counts the letters of today that wait for the relay itself.
func (s *status) refused() (n int) {
	for _, r := range s.Reasons {
		if r.State == notice.Deferred && slices.Contains([]string{"relay", "tls", "unreachable"}, r.Why) {
			n += r.N
		}
	}
	return n
}

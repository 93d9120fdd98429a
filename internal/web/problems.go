package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"vireilla/internal/notice"
)

// late is how long a letter may be due before the page reports it. The sweep runs every minute, and the letters of a
// full run are sent well within this time.
const late = 10 * time.Minute

// problem is something that is wrong, and what to do about it.
type problem struct {
	Bad        bool // no letter goes out, or letters are late; otherwise a person should look today
	Title, Say string
	Links      []link
	Command    string // the command line that solves it; "" for none
}

type link struct {
	Href, Text string
	Act        bool // leads to an action
}

// problems lists what is wrong, the worst first.
func (p *Pages) problems(s *status, now time.Time) []problem {
	var all []problem
	if s.KillSwitch {
		all = append(all, problem{Bad: true, Title: "Letters are stopped",
			Say:     "The kill switch is on: no letter goes out until somebody turns it off. " + waiting(s.Due),
			Links:   p.actionLink("/switch/start", "Let letters go out again"),
			Command: "vireilla outbox start --yes"})
	}
	if s.Stale > 0 {
		all = append(all, problem{Bad: true, Title: "The database is older than the send journal",
			Say: "It was restored from a backup, or it is another database, and does not know which letters were sent since. " +
				"No letter goes out until somebody has checked it. On each machine with workers import the newest feed, " +
				"look at the output of vireilla journal, and accept the journal into the outbox.",
			Command: "vireilla journal accept --yes"})
	}
	switch {
	case s.QueueDown || s.ShowWorkers && !s.WorkersKnown:
		all = append(all, problem{Bad: true, Title: "The queue cannot be used",
			Say: "Where a vireilla serve with workers runs, letters go out without the queue, but more slowly. " +
				"Nothing is lost. Check that Redis runs, has free memory and accepts writes, that its maxmemory-policy is noeviction, " +
				"and that REDIS_URL is right. The log of vireilla serve names the error."})
	case s.ShowWorkers && len(s.Workers) == 0:
		all = append(all, problem{Bad: true, Title: "No worker is running",
			Say: "Nothing is planned or sent until one runs. Find out why vireilla serve is not running, and start it."})
	}
	if s.Paused && !s.QueueDown {
		all = append(all, problem{Bad: true, Title: "A queue is paused",
			Say: "Its tasks, and so letters, wait until somebody resumes it. Ask who paused it, and why. " +
				"The way to stop letters is the kill switch.",
			Links: p.monitor()})
	}
	if s.Age > late && !s.KillSwitch && s.Stale == 0 {
		due := "It waits for its next try."
		if s.Due > 0 {
			due = waiting(s.Due)
		}
		all = append(all, problem{Bad: true, Title: "Letters are late",
			Say: fmt.Sprintf("The oldest has been due for %s. %s ", span(s.Age), due) +
				"Check that the relay answers, and read the log of vireilla serve."})
	}
	for _, t := range s.Missed {
		all = append(all, problem{Bad: true, Title: "The timetable does not run",
			Say: fmt.Sprintf("%s was due to begin %s ago, and did not. Check that a vireilla serve with the timetable runs.",
				words(t.Name), span(now.Sub(t.Next)))})
	}
	if n := s.refused(); n > 0 {
		all = append(all, problem{Bad: true, Title: "The relay takes no letters",
			Say: count(n, "letter") + " of today could not go out, because the relay cannot be reached, has no valid " +
				"certificate, or refuses this program. Check SMTP_URL, the password and the relay. " +
				"The program tries them again by itself.",
			Links: []link{{Href: "/letters?state=deferred&day=", Text: "The letters that wait"}}})
	}
	for _, run := range s.Held {
		name := fmt.Sprintf("%s/%s", run.Kind, run.Day)
		held := link{Href: "/letters?state=held&day=" + run.Day.String(), Text: "The held letters"}
		all = append(all, problem{Title: "A run is held by the guard: " + words(run.Kind) + ", " + run.Day.String(),
			Say: fmt.Sprintf("It planned %s, which is unusually many, so none of them went out; %s would still be of use. "+
				"Look at some of them. If they are right, release the run; if not, leave it held and check the import.",
				count(run.Planned, "letter"), number(run.Left)),
			Links:   append([]link{held}, p.actionLink("/runs/"+name+"/release", "Release the run")...),
			Command: "vireilla outbox release " + name + " --yes"})
	}
	if s.HeldOnes > 0 {
		all = append(all, problem{Title: count(s.HeldOnes, "letter") + " held for a person to decide",
			Say:   "They may have arrived already. Try them again, or withdraw them.",
			Links: []link{{Href: "/letters?state=held&day=", Text: "The held letters"}}})
	}
	if s.FailedOnes > 0 {
		all = append(all, problem{Title: count(s.FailedOnes, "letter") + " failed and would still be of use",
			Say: "The list says why. Correct the cause first: an address in the register, a template, a setting. " +
				"Then try them again.",
			Links: []link{{Href: "/letters?state=failed&day=", Text: "The failed letters"}}})
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

// actionLink returns a link to an action; none where the pages only show.
func (p *Pages) actionLink(href, text string) []link {
	if p.Actions == nil {
		return nil
	}
	return []link{{Href: href, Text: text, Act: true}}
}

// monitor returns a link to the queue monitor, if there is one.
func (p *Pages) monitor() []link {
	if !p.Queues {
		return nil
	}
	return []link{{Href: "/queues/", Text: "The queues"}}
}

// refused counts the letters of today that wait because of the relay itself.
func (s *status) refused() (n int) {
	for _, r := range s.Reasons {
		if r.State == notice.Deferred && slices.Contains([]string{"relay", "tls", "unreachable"}, r.Why) {
			n += r.N
		}
	}
	return n
}

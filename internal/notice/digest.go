package notice

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// Staged is an obligation that has reached a stage, or a phone item, and the stage that each owner was told.
type Staged struct {
	policy.Obligation
	Told map[string]policy.Stage // by owner: coach or team id
	At   time.Time               // start of the appointment, for ShortNotice and ReachByPhone
	Why  string                  // the reason of ReachByPhone
}

// Digests plans the coaches' digests of the day that `now` lies in: one letter for an owner and working day, when
// something in it is news to that owner, and on the first working day of a week when the list is not empty.
func Digests(now time.Time, p *policy.Policy, staff *Staff, staged iter.Seq[Staged]) Plan {
	var plan Plan
	day := calendar.DayOf(now, p.Location)
	at := p.Digest.At.On(day, p.Location)
	lists := map[string][]Item{}
	for id, c := range staff.Coaches {
		if !c.Gone {
			lists[id] = nil
		}
	}
	for s := range staged {
		if s.Owner == s.Seeker && s.Stage < policy.Overdue {
			continue // the seeker takes the next step; the coach sees it only when it is past due
		}
		owner := staff.Owner(s.Coach, day)
		lists[owner] = append(lists[owner], s.item(owner, day))
	}
	for _, owner := range slices.Sorted(maps.Keys(lists)) {
		items := lists[owner]
		role, language, authority, known := staff.recipient(owner)
		switch {
		case len(items) == 0:
			plan.skip(CoachDigest, owner, "", policy.Met)
		case !known: // nobody stands in for the coach, and the team left the register
			plan.skip(CoachDigest, owner, "", NoAddress)
		case !p.WritesOn(day, p.AuthorityNamed(authority)):
			plan.skip(CoachDigest, owner, "", OutsideWindow)
		case now.Before(at):
			plan.skip(CoachDigest, owner, "", policy.NotYet)
		case !slices.ContainsFunc(items, func(i Item) bool { return i.New }) && !weekly(p, authority, day):
			plan.skip(CoachDigest, owner, "", AlreadyTold)
		default:
			n := Notice{Key: CoachDigest + "/" + owner + "/" + day.String(), Letter: CoachDigest, To: owner, Role: role,
				Language: language, SendAt: at, Expires: (day + 1).At(0, 0, p.Location)}
			n.list(items, p.Digest.MaxItems)
			plan.Notices = append(plan.Notices, n)
		}
	}
	return plan
}

// Leads plans the letters to team leads: all escalated obligations that the lead was not told yet, neither by an
// earlier letter nor by the digests that go out before.
func Leads(now time.Time, p *policy.Policy, staff *Staff, staged iter.Seq[Staged], digests Plan) Plan {
	var plan Plan
	day := calendar.DayOf(now, p.Location)
	at := p.Digest.At.On(day, p.Location)
	lists := map[string][]Item{}
	told := digests.newlyTold()
	for s := range staged {
		team := staff.Coaches[s.Coach].TeamID
		if s.Stage == policy.Escalated && max(s.Told[team], told[team][s.Key()]) < policy.Escalated {
			lists[cmp.Or(team, s.Coach)] = append(lists[cmp.Or(team, s.Coach)], s.item(team, day))
		}
	}
	for _, team := range slices.Sorted(maps.Keys(lists)) {
		t, known := staff.Teams[team]
		switch {
		case !known: // the team left the register, and its coaches did not
			plan.skip(LeadEscalation, team, "", NoAddress)
		case !p.WritesOn(day, p.AuthorityNamed(t.Authority)):
			plan.skip(LeadEscalation, team, "", OutsideWindow)
		case now.Before(at):
			plan.skip(LeadEscalation, team, "", policy.NotYet)
		default:
			n := Notice{Key: LeadEscalation + "/" + team + "/" + day.String(), Letter: LeadEscalation, To: team, Role: ToLead,
				Language: t.Language, SendAt: at, Expires: (day + 1).At(0, 0, p.Location)}
			n.list(lists[team], len(lists[team]))
			plan.Notices = append(plan.Notices, n)
		}
	}
	return plan
}

func (s *Staged) item(owner string, day calendar.Day) Item {
	return Item{Seeker: s.Seeker, Rule: s.Rule, Subject: s.Subject, Stage: s.Stage, New: s.Stage > s.Told[owner],
		DaysOverdue: max(0,
			int(day-s.Due)), Anchor: s.Anchor, Due: s.Due, Coach: s.Coach, At: s.At, Why: s.Why, weight: s.Weight}
}

// newlyTold gives, by recipient, the stages that the letters of a plan tell for the first time.
func (p *Plan) newlyTold() map[string]map[policy.Key]policy.Stage {
	told := map[string]map[policy.Key]policy.Stage{}
	for i := range p.Notices {
		n := &p.Notices[i]
		told[n.To] = map[policy.Key]policy.Stage{}
		for _, item := range n.Told {
			told[n.To][item.key()] = item.Stage
		}
	}
	return told
}

// list puts the most urgent items first; the letter keeps that order below each of its headings. Items beyond the
// limit are only counted. For a coach they still count as told, so that a long list does not bring a letter each day.
// For a lead only the listed items count as told: nobody else looks after the others.
func (n *Notice) list(items []Item, limit int) {
	slices.SortFunc(items, urgency)
	n.Items = items
	if len(items) > limit {
		items = listedFirst(items, limit)
		n.Items, n.Rest = items[:limit], len(items)-limit
	}
	for _, item := range items {
		if item.DaysOverdue > 0 {
			n.Late++
		}
	}
	if n.Role == ToLead {
		items = n.Items
	}
	n.Told = items
	if old := func(i Item) bool { return !i.New }; slices.ContainsFunc(items, old) {
		n.Told = slices.DeleteFunc(slices.Clone(items), old)
	}
}

// urgency compares two items: by days past due, then by the rule's weight, then by seeker.
func urgency(a, b Item) int {
	return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(b.weight, a.weight), cmp.Compare(a.Seeker, b.Seeker),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Anchor, b.Anchor))
}

// ToPhone says whether the item asks the coach to phone; such an item belongs to no rule.
func (i *Item) ToPhone() bool { return i.Rule == ShortNotice || i.Rule == ReachByPhone }

// listedFirst puts the items that the letter has room for first. Phone items are among them however much is late, since
// they are about the next days.
func listedFirst(items []Item, limit int) []Item {
	calls := 0
	for _, i := range items {
		if i.ToPhone() {
			calls++
		}
	}
	calls = min(calls, limit)
	room := map[bool]int{true: calls, false: limit - calls}
	var in, out []Item
	for _, i := range items {
		if kind := i.ToPhone(); room[kind] > 0 {
			room[kind]--
			in = append(in, i)
		} else {
			out = append(out, i)
		}
	}
	return append(in, out...)
}

// weekly says whether the day is the first of its week on which the authority writes.
func weekly(p *policy.Policy, authority string, day calendar.Day) bool {
	if !p.Digest.Weekly {
		return false
	}
	a := p.AuthorityNamed(authority)
	for d := day - calendar.Day((int(day.Weekday())+6)%7); d < day; d++ {
		if p.WritesOn(d, a) {
			return false
		}
	}
	return true
}

package notice

import (
	"cmp"
	"slices"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
)

// Staff is the coaches and teams that get letters, and who stands in for whom.
type Staff struct {
	Teams    map[string]caseload.Team
	Coaches  map[string]caseload.Coach
	absences map[string][]caseload.Absence
}

// NewStaff orders the absences of each coach by their days, so that answers do not depend on the order of the feed.
func NewStaff(teams []caseload.Team, coaches []caseload.Coach, absences []caseload.Absence) *Staff {
	s := &Staff{map[string]caseload.Team{}, map[string]caseload.Coach{}, map[string][]caseload.Absence{}}
	for _, t := range teams {
		s.Teams[t.ID] = t
	}
	for _, c := range coaches {
		s.Coaches[c.ID] = c
	}
	for _, a := range absences {
		s.absences[a.CoachID] = append(s.absences[a.CoachID], a)
	}
	for _, list := range s.absences {
		slices.SortFunc(list, func(a, b caseload.Absence) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.DeputyID, b.DeputyID))
		})
	}
	return s
}

// Owner gives the id of who takes a coach's matters on a day: the coach; on a day of absence the deputy (sijainen);
// and where the deputy is missing or absent too, the team, whose lead takes them. A coach who left the register is
// absent for good.
func (s *Staff) Owner(coach string, day calendar.Day) string {
	if s.present(coach, day) {
		return coach
	}
	for _, a := range s.absences[coach] {
		if day >= a.From && day <= a.To && a.DeputyID != "" && s.present(a.DeputyID, day) {
			return a.DeputyID
		}
	}
	return s.Coaches[coach].TeamID
}

func (s *Staff) present(coach string, day calendar.Day) bool {
	c, known := s.Coaches[coach]
	if !known || c.Gone {
		return false
	}
	for _, a := range s.absences[coach] {
		if day >= a.From && day <= a.To {
			return false
		}
	}
	return true
}

// recipient gives role, language and authority of a coach or, by a team's id, of its lead.
func (s *Staff) recipient(owner string) (role, language, authority string, known bool) {
	if c, ok := s.Coaches[owner]; ok {
		return ToCoach, c.Language, s.Teams[c.TeamID].Authority, true
	}
	t, known := s.Teams[owner]
	return ToLead, t.Language, t.Authority, known
}

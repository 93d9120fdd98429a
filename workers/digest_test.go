package workers

import "testing"

func TestACoachIsToldOnceADay(t *testing.T) {
	h := newHouse(t)
	h.put("seekers.csv", seeker("S-1"))
	h.at("2024-03-04 07:30")
	h.arrived() // nothing has come near
	h.at("2024-03-05 05:00")
	h.arrived()
	h.at("2024-03-05 07:30")
	h.arrived("coach_digest/C-1/2024-03-05") // upcoming
	h.at("2024-03-05 07:31")
	h.at("2024-03-05 15:00")
	h.at("2024-03-06 07:30")
	h.at("2024-03-07 07:30")
	h.arrived()
	h.at("2024-03-08 07:30")
	h.arrived("coach_digest/C-1/2024-03-08") // due
	h.at("2024-03-09 07:30")
	h.at("2024-03-10 07:30")
	h.arrived()
	h.at("2024-03-11 07:30")
	h.arrived("coach_digest/C-1/2024-03-11") // overdue
	h.at("2024-03-12 07:30")
	h.arrived()
	h.at("2024-03-13 07:30")
	h.arrived("coach_digest/C-1/2024-03-13", "lead_escalation/T-1/2024-03-13")
	h.at("2024-03-14 07:30")
	h.at("2024-03-15 07:30")
	h.arrived()
	h.at("2024-03-18 07:30")
	h.arrived("coach_digest/C-1/2024-03-18") // a new week, and still not done
	h.put("contacts.csv", interview("K-1", "S-1", "2024-03-18"))
	h.at("2024-03-25 07:30")
	h.arrived()
}

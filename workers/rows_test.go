package workers

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"vireilla/internal/caseload"
	"vireilla/internal/store/storetest"
)

// row is a row of the feed; what is left out stays as it was, or empty.
type row map[string]any

// Each name and address holds the word kanaria, so that it is seen wherever it must not be.

func team(id string) row {
	return row{"team_id": id, "name": "Itä", "authority": "lahti_region", "lead_email": "kanaria." + bare(id) + "@example.org", "language": "fi"}
}

func coach(id string) row {
	return row{"coach_id": id, "name": "Kanaria" + bare(id) + " Virta", "email": "kanaria." + bare(id) + "@example.org", "team_id": "T-1", "language": "fi", "role": "coach"}
}

// seeker began to look for work on Friday 2024-03-01: the initial interview is due on Friday 8, upcoming on Tuesday 5,
// overdue on Monday 11, escalated on Wednesday 13.
func seeker(id string) row {
	return row{"seeker_id": id, "first_name": "Kanaria" + bare(id), "email": "kanaria." + bare(id) + "@example.org", "email_tier": "neutral", "service_language": "fi",
		"municipality": "Lahti", "coach_id": "C-1", "job_search_started": "2024-03-01", "status": "unemployed"}
}

// settled is a seeker of whom nothing is due for weeks.
func settled(id string) row {
	s := seeker(id)
	s["status"] = "employed"
	return s
}

func appointment(id, seeker, start, bookedAt string) row {
	return row{"appointment_id": id, "seeker_id": seeker, "coach_id": "C-1", "kind": "job_search_discussion", "starts_at": local(start).UnixMilli(), "minutes": int64(45),
		"mode": "office", "place": "Askonkatu 2", "state": "booked", "booked_at": local(bookedAt).UnixMilli()}
}

func interview(id, seeker, day string) row {
	return row{"contact_id": id, "seeker_id": seeker, "kind": "initial_interview", "held_at": local(day + " 10:00").UnixMilli(), "held_on": day}
}

func bare(id string) string { return strings.ToLower(strings.ReplaceAll(id, "-", "")) }

// local reads a time on the clocks of the town.
func local(text string) time.Time {
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		panic(err)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
	if err != nil {
		panic(err)
	}
	return t
}

// put imports rows of a file. Of a row that stands already, it changes what is named.
func (h *house) put(file string, rows ...row) {
	h.t.Helper()
	feed := storetest.Feed{}
	for _, r := range rows {
		feed[file] = append(feed[file], h.know(file, r))
	}
	h.bring(feed, false)
}

// empty imports a file without rows: what stood in it has left the register.
func (h *house) empty(file string) {
	h.t.Helper()
	h.bring(storetest.Feed{file: {}}, true)
}

func (h *house) bring(feed storetest.Feed, full bool) {
	h.t.Helper()
	if _, err := storetest.Import(h.t, h.DB, feed, full, true); err != nil {
		h.t.Fatal(err)
	}
}

// know puts a row together with what stands already, and keeps whose address it holds.
func (h *house) know(file string, r row) row {
	key := file
	for _, f := range caseload.Files() {
		if f.Name == file {
			for _, k := range f.Key {
				key += fmt.Sprint("/", r[k])
			}
		}
	}
	if h.rows[key] == nil {
		h.rows[key] = row{}
	}
	maps.Copy(h.rows[key], r)
	for _, column := range []string{"email", "lead_email"} {
		if address, ok := r[column].(string); ok {
			h.owns[address] = key[strings.LastIndex(key, "/")+1:]
		}
	}
	return maps.Clone(h.rows[key])
}

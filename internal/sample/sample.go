// Package sample generates a caseload the size of the Lahti region's, and has the mailbox of the demo. Nobody in it is
// real, and each name and address is marked (package markers).
package sample

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/caseload"
	"vireilla/internal/test/markers"
)

// Options are the size and the day of a caseload; the same options give the same files.
type Options struct {
	Seed    int64
	Seekers int // 0 means 11,500
	Coaches int // 0 means 50
	At      calendar.Day
}

// teams is the number of teams for every fifty coaches, who are assigned in turn. Every fifth team serves the towns
// around Lahti, which have an authority of their own from 2025.
const teams = 5

// Write writes the seven files of the feed into an existing folder. It streams them: memory does not grow with the
// number of seekers.
func Write(folder string, o Options) (err error) {
	if o.Seekers == 0 {
		o.Seekers = 11_500
	}
	if o.Coaches == 0 {
		o.Coaches = 50
	}
	if o.Seekers < 0 || o.Coaches < 1 || o.At == 0 {
		return errors.New("sample: a day, at least one coach and no negative number of seekers are needed")
	}
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		return fmt.Errorf("sample: %w", err)
	}
	w := &writer{Options: o, rng: rand.New(rand.NewPCG(uint64(o.Seed), 0x7669726569)), days: calendar.New(false, false),
		zone: zone, files: map[string]*file{}, urns: map[string][]string{}}
	for _, f := range caseload.Files() {
		if w.files[f.Name], err = create(filepath.Join(folder, f.Name), f); err != nil {
			return fmt.Errorf("sample: %w", err)
		}
	}
	w.staff()
	for i := range o.Seekers {
		w.seeker(i + 1)
	}
	for _, f := range w.files {
		err = errors.Join(err, f.close())
	}
	return err
}

// writer generates a caseload.
type writer struct {
	Options
	rng                              *rand.Rand
	days                             *calendar.Calendar
	zone                             *time.Location
	files                            map[string]*file
	urns                             map[string][]string // by the weighted words that fill made them from
	contacts, appointments, training int
}

// file is one CSV file. No value contains a comma or a quotation mark, so none is quoted.
type file struct {
	to      *bufio.Writer
	under   io.Closer
	columns []string
	err     error
}

func create(path string, f caseload.File) (*file, error) {
	under, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	out := &file{to: bufio.NewWriter(under), under: under}
	for _, c := range f.Columns {
		if c.From == "" {
			out.columns = append(out.columns, c.Name)
		}
	}
	_, out.err = fmt.Fprintln(out.to, strings.Join(out.columns, ","))
	return out, nil
}

// row writes the fields in the order of the columns; missing ones are empty.
func (f *file) row(fields map[string]string) {
	for i, c := range f.columns {
		if i > 0 {
			_ = f.to.WriteByte(',')
		}
		_, _ = f.to.WriteString(fields[c]) // Flush returns the first error
	}
	_ = f.to.WriteByte('\n')
}

func (f *file) close() error { return errors.Join(f.err, f.to.Flush(), f.under.Close()) }

// chance is true with probability p.
func (w *writer) chance(p float64) bool { return w.rng.Float64() < p }

// between draws from a to b, both inclusive.
func (w *writer) between(a, b int) int { return a + w.rng.IntN(b-a+1) }

// pick draws one of some words, each followed by its weight: "Lahti:82 Hollola:7".
func (w *writer) pick(weighted string) string {
	u, known := w.urns[weighted]
	if !known {
		u = fill(weighted)
		w.urns[weighted] = u
	}
	return u[w.rng.IntN(len(u))]
}

// fill repeats each word as often as its weight says.
func fill(weighted string) (urn []string) {
	for _, word := range strings.Fields(weighted) {
		name, weight, _ := strings.Cut(word, ":")
		times, err := strconv.Atoi(weight)
		if err != nil {
			times = 1
		}
		urn = append(urn, slices.Repeat([]string{name}, times)...)
	}
	return urn
}

// at writes a local time within the office hours of a day.
func (w *writer) at(day calendar.Day) string {
	hour, minute := strconv.Itoa(100+w.between(8, 15)), strconv.Itoa(100+15*w.between(0, 3))
	return day.String() + "T" + hour[1:] + ":" + minute[1:]
}

func coachID(n int) string { return fmt.Sprintf("C-%02d", n) }

// coachIn draws a coach of a team that serves a town, or any coach when there are fewer coaches than teams.
func (w *writer) coachIn(town string) string {
	for {
		n := w.between(1, w.Coaches)
		if around := w.team(n)%teams == 0; w.Coaches < teams || around == (town != "Lahti") {
			return coachID(n)
		}
	}
}

// team returns the number of a person's team.
func (w *writer) team(n int) int { return n%w.teams() + 1 }

func (w *writer) teams() int { return teams * max(1, w.Coaches/50) }

func expertID(n int) string { return fmt.Sprintf("E-%02d", n) }

func (w *writer) experts() int { return max(1, w.Coaches/10) }

func (w *writer) staff() {
	authority := "lahti_region"
	for t := 1; t <= w.teams(); t++ {
		if w.At >= calendar.Date(2025, time.January, 1) {
			authority = "lahti"
			if t%teams == 0 {
				authority = "paijat_hame"
			}
		}
		w.files["teams.csv"].row(map[string]string{"team_id": fmt.Sprintf("T-%d", t), "name": fmt.Sprintf("Tiimi %d", t), "authority": authority,
			"lead_name": w.fullName(), "lead_email": markers.Address(fmt.Sprintf("t-%d", t)), "language": "fi"})
	}
	person := func(id, role string, n int) {
		w.files["coaches.csv"].row(map[string]string{"coach_id": id, "name": w.fullName(), "email": markers.Address(strings.ToLower(id)),
			"team_id": fmt.Sprintf("T-%d", w.team(n)), "language": w.pick("fi:94 sv:4 en:2"), "role": role})
	}
	for n := 1; n <= w.Coaches; n++ {
		person(coachID(n), "coach", n)
	}
	for n := 1; n <= w.experts(); n++ {
		person(expertID(n), "expert", n)
	}
	for n := 1; n <= w.Coaches; n++ {
		if !w.chance(0.12) {
			continue
		}
		from := w.At + calendar.Day(w.between(-12, 20))
		deputy := ""
		if other := w.between(1, w.Coaches); other != n && w.chance(0.8) {
			deputy = coachID(other)
		}
		w.files["absences.csv"].row(map[string]string{"coach_id": coachID(n), "from": from.String(), "to": (from + calendar.Day(w.between(0, 21))).String(), "deputy_id": deputy})
	}
}

func (w *writer) fullName() string { return w.firstName() + " " + w.pick(lastNames) }

func (w *writer) firstName() string { return markers.Name(w.pick(firstNames)) }

// Common names, of no particular person.
const (
	firstNames = `Aino:9 Eero:9 Helmi:7 Onni:7 Liisa:8 Jari:8 Päivi:7 Timo:8 Sari:7 Juha:9 Tuula:6 Matti:9 Anneli:6 Ville:7 Noora:5 Samu:4 Sanna:7 Mika:8 Ritva:5 Heikki:6
		Katja:5 Antti:8 Minna:6 Olli:4 Irina:5 Dmitri:4 Oksana:4 Andrij:3 Fatima:4 Ahmed:4 Amina:3 Hassan:3 Kadri:3 Toomas:3 Maria:6 Åsa:1 Björn:1`
	lastNames = `Virtanen:5 Korhonen:5 Nieminen:4 Mäkinen:4 Hämäläinen:4 Laine:4 Heikkinen:3 Koskinen:3 Järvinen:3 Lehtonen:3 Saarinen:3 Salminen:3 Niemi:3 Rantanen:2 Ivanova:1
		Petrov:1 Lindström:1`
)

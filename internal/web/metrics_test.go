package web

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/timetable"
)

type vital notice.Vitals

func (v vital) Vitals(context.Context, time.Time, []string) (notice.Vitals, error) {
	return notice.Vitals(v), nil
}
func (vital) Pool() (inUse, idle int, waited time.Duration) { return 0, 0, 0 }

func TestWorkOfTheTimetableThatIsNotDoneIsOverdue(t *testing.T) {
	zone := policy.Default().Location
	at := func(text string) time.Time {
		t.Helper()
		m, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		name, cron, done, run, now string
		want                       time.Duration
	}{
		{"done today", "30 7 * * *", "2024-03-08 07:31", "", "2024-03-08 20:00", 0},
		{"done yesterday, and today's time is to come", "30 7 * * *", "2024-03-07 07:31", "", "2024-03-08 07:30", 0},
		{"done yesterday", "30 7 * * *", "2024-03-07 07:31", "", "2024-03-08 09:30", 2 * time.Hour},
		{"done long ago", "30 7 * * *", "2024-03-05 07:31", "", "2024-03-08 07:30", 48 * time.Hour},
		{"of yesterday, done today in the night", "30 7 * * *", "2024-03-08 02:00", "", "2024-03-08 08:30", time.Hour},
		{"done by hand", "30 7 * * *", "2024-03-07 07:31", "2024-03-08 09:00", "2024-03-08 09:30", 0},
		{"never done, since the program began at six", "30 7 * * *", "", "", "2024-03-08 10:30", 3 * time.Hour},
		{"never done, but its time is to come", "0 12 * * *", "", "", "2024-03-08 10:30", 0},
		{"on working days, and it is Sunday", "30 7 * * 1-5", "2024-03-08 07:31", "", "2024-03-10 23:00", 0},
		{"on working days, and it is Monday", "30 7 * * 1-5", "2024-03-08 07:31", "", "2024-03-11 08:30", time.Hour},
		{"each ten minutes", "*/10 * * * *", "2024-03-08 07:31", "", "2024-03-08 09:40", 2 * time.Hour},
	} {
		spec, err := timetable.Parse(c.cron, zone)
		if err != nil {
			t.Fatal(err)
		}
		v := vital{Done: map[string]time.Time{}, Runs: map[string]time.Time{}}
		if c.done != "" {
			v.Done["digests"] = at(c.done)
		}
		if c.run != "" {
			v.Runs["digests"] = at(c.run)
		}
		g := &Gauges{Vitals: v, Entries: []policy.Entry{{Name: "digests", Spec: spec}}, Began: at("2024-03-08 06:00"),
			Clock: func() time.Time { return at(c.now) }, Log: slog.New(slog.DiscardHandler)}
		want := fmt.Sprintf("# HELP vireilla_entry_overdue_seconds Time since an entry of the timetable should have run again, "+
			"by its tick or by hand; 0 while it is on time.\n"+
			"# TYPE vireilla_entry_overdue_seconds gauge\nvireilla_entry_overdue_seconds{entry=\"digests\"} %g\n",
			c.want.Seconds())
		if err := testutil.CollectAndCompare(g, strings.NewReader(want), "vireilla_entry_overdue_seconds"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

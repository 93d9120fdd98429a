package workers

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata"

	"vireilla/internal/calendar"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/test/syncbuf"
	"vireilla/templates"
)

// house is the program as cmd puts it together, with a clock that tests turn, a SQLite file and a mail server of its
// own. When a test ends, what the server accepted is held against the outbox.
type house struct {
	*store.DB
	t       *testing.T
	mail    *smtptest.Server
	relay   *mailer.Relay
	workers *Workers
	scan    *Scan
	deliver *Deliver
	compare *Compare
	sends   *sends
	path    string // of the database
	stop    context.CancelFunc
	log     syncbuf.Buffer

	mu   sync.Mutex
	now  time.Time
	rows map[string]row    // of the feed, by file and key
	owns map[string]string // whose address it is or was
	seen int               // messages that the test has looked at
	days []string          // runs that there must be
}

// letters reads the templates once: they are checked at length, and nobody changes them.
var letters = sync.OnceValues(func() (*templates.Set, error) { return templates.Load(nil) })

const sender = "no-reply@lahti.example"

func newHouse(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	return newHouseWith(t, smtptest.Start(t))
}

func newHouseWith(t *testing.T, server *smtptest.Server) *house {
	t.Helper()
	h := &house{t: t, mail: server, rows: map[string]row{}, owns: map[string]string{}}
	h.path = newDatabase(t)
	h.open()
	config, err := mailer.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	h.relay = mailer.New(config)
	t.Cleanup(h.relay.Close)
	set, err := letters()
	if err != nil {
		t.Fatal(err)
	}
	stopping, stop := context.WithCancel(t.Context())
	h.stop = stop
	h.sends = openJournal(t)
	h.workers = h.newWorkers(stopping, set)
	h.scan, h.deliver, h.compare = h.workers.Scan, h.workers.Deliver, h.workers.Compare
	h.bring(storetest.Feed{"teams.csv": {h.know("teams.csv", team("T-1"))}, "coaches.csv": {h.know("coaches.csv", coach("C-1")), h.know("coaches.csv", coach("C-2"))}}, false)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.check)
	return h
}

// newWorkers wires the steps as cmd does.
func (h *house) newWorkers(stopping context.Context, set *templates.Set) *Workers {
	breaker := &mailer.Breaker{}
	w := New(Parts{Clock: h.clock, Wall: h.clock, Policy: policy.Default(), PolicyID: "test", Store: h, Journal: h.sends, Enqueue: atOnce{h}, DeliverTasks: 1,
		Letters: set, From: "Lahden kaupunki <" + sender + ">", Stop: stopping, SwitchMaxAge: store.BlockedMaxAge,
		Log: slog.New(slog.NewJSONHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Send: func(ctx context.Context, m Mail) notice.Outcome {
			o := breaker.Note(h.clock(), m.To, h.relay.Send(ctx, mailer.Letter(m)))
			result := map[mailer.Result]notice.Result{mailer.Sent: notice.Accepted, mailer.Deferred: notice.Later, mailer.Failed: notice.Never, mailer.Unsure: notice.Ambiguous}[o.Result]
			return notice.Outcome{Result: result, Code: o.Code, Why: o.Reason}
		}})
	// The house's clock stands still.
	w.Deliver.SendingBlocked = NewKillSwitch(func(ctx context.Context) (bool, error) { return h.SendingBlocked(ctx) }, store.BlockedMaxAge, time.Now).On
	return w
}

// newDatabase gives the path of an empty database. It is made once and copied: the migrations take most of the time of
// a short test.
func newDatabase(t *testing.T) string {
	t.Helper()
	text, err := database()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "v.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var database = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "vireilla")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "v.db")
	s, err := store.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func openStore(t *testing.T, path string) *store.DB {
	t.Helper()
	return openURL(t, "sqlite:"+path)
}

func openURL(t *testing.T, url string) *store.DB {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// atOnce is a queue that delivers what is due while it is asked to; new letters wait for that.
type atOnce struct{ *house }

func (q atOnce) Letters(context.Context, []int64) error { return nil }

func (q atOnce) DueLetters(ctx context.Context, _ int) error { return q.deliver.Run(ctx, nil) }

func (q atOnce) Tick(ctx context.Context, entry string, at time.Time) error {
	return q.workers.RunTick(ctx, entry, at)
}

func (q atOnce) Help(context.Context, int) error { return nil }

// The clock.

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// set turns the clock, and nothing else happens.
func (h *house) set(text string) { h.turn(local(text)) }

func (h *house) turn(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = now
}

// at turns the clock and lets everything that the timetable knows look once: what is due is told.
func (h *house) at(text string) {
	h.t.Helper()
	h.set(text)
	h.run("contacts", "training", "digests", "leads", "appointments", "sweep", "deliver")
}

func (h *house) run(entries ...string) {
	h.t.Helper()
	for _, e := range entries {
		h.well(h.workers.runEntry(h.t.Context(), e))
		if slices.Contains([]string{"training", "digests", "leads"}, e) {
			h.days = append(h.days, e+"/"+calendar.DayOf(h.clock(), h.scan.Policy.Location).String())
		}
	}
}

// send takes to the relay what is due.
func (h *house) send() {
	h.t.Helper()
	h.well(h.deliver.Run(h.t.Context(), nil))
}

func (h *house) well(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

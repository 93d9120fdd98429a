package store_test

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/internal/policy"
	"vireilla/internal/store"
	"vireilla/internal/store/storetest"
	"vireilla/internal/test/servertest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", fmt.Sprint(4*runtime.GOMAXPROCS(0))) // a PostgreSQL works while they wait
	m.Run()
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

func TestPostgresKeepsTheContract(t *testing.T) {
	p := &pool{t: t}
	storetest.Run(t, p.open)
}

// pool lends databases to tests one after the other, because a new one takes longer than most tests.
type pool struct {
	t    *testing.T // the test that ends last
	mu   sync.Mutex
	free []*lent
}

type lent struct {
	url  string
	side *pgx.Conn
}

func (p *pool) open(t *testing.T) *store.DB {
	t.Helper()
	var l *lent
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		l, p.free = p.free[n-1], p.free[:n-1]
	}
	p.mu.Unlock()
	if l == nil {
		l = p.create(t)
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if _, err := l.side.Exec(context.Background(), emptied); err != nil {
			t.Error(err)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free = append(p.free, l)
	})
	return openURL(t, l.url)
}

func (p *pool) create(t *testing.T) *lent {
	t.Helper()
	l := &lent{url: servertest.Postgres(t)}
	openURL(t, l.url)
	var err error
	if l.side, err = pgx.Connect(t.Context(), l.url); err != nil {
		t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = l.side.Close(context.Background()) })
	if _, err := l.side.Exec(t.Context(), `CREATE SCHEMA new; CREATE TABLE new.meta AS TABLE meta; CREATE TABLE new.counter AS TABLE counter`); err != nil {
		t.Fatal(err)
	}
	return l
}

// emptied brings a database back to what it held when it was new.
const emptied = `
DO $$ DECLARE t text; BEGIN
	FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
		EXECUTE format('DELETE FROM %I', t);
	END LOOP;
END $$;
INSERT INTO meta TABLE new.meta;
INSERT INTO counter TABLE new.counter`

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	database := servertest.Postgres(t)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), database)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.SetKillSwitch(t.Context(), true); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	database := servertest.Postgres(t)
	openURL(t, database)
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(),
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, true)`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), database); err == nil || !strings.Contains(err.Error(), "4711") {
		t.Fatalf("opened: %v", err)
	}
}

// A connection broke while the server was committing a claim: giving the claim back waits for the COMMIT, and then
// succeeds.
func TestAClaimThatIsBeingCommittedIsGivenBack(t *testing.T) {
	database := servertest.Postgres(t)
	s := openURL(t, database)
	at := time.Date(2024, time.March, 4, 7, 0, 0, 0, time.UTC)
	run := notice.Run{Kind: "digests", Day: calendar.Date(2024, time.March, 4), Guard: policy.Guard{Floor: 50}}
	added, err := s.Add(t.Context(), at, run, notice.Plan{Notices: []notice.Notice{{Key: "k", Letter: notice.CoachDigest,
		To: "C-1", Role: notice.ToCoach, SendAt: at, Expires: at.Add(time.Hour)}}})
	if err != nil || len(added.IDs) != 1 {
		t.Fatal(added, err)
	}
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `UPDATE notice SET state = 'sending', fence = 77, tries = 1 WHERE id = $1`,
		added.IDs[0]); err != nil {
		t.Fatal(err)
	}
	gave := make(chan error, 1)
	go func() {
		_, err := s.Record(t.Context(), at, []notice.Report{{Claimed: notice.Claimed{ID: added.IDs[0], Fence: 77},
			Next: notice.Next{State: notice.Deferred, Try: at}, Returned: true}})
		gave <- err
	}()
	waits, poll := false, time.NewTicker(10*time.Millisecond)
	defer poll.Stop()
	for !waits {
		select {
		case <-poll.C:
			if err := tx.QueryRow(t.Context(),
				`SELECT EXISTS (SELECT 1 FROM pg_locks
					WHERE NOT granted AND transactionid::text = pg_current_xact_id()::text)`).Scan(&waits); err != nil {
				t.Fatal(err)
			}
		case err := <-gave:
			t.Fatalf("did not wait: %v", err)
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-gave; err != nil {
		t.Fatal(err)
	}
	entries, err := s.Letters(t.Context(), notice.Filter{})
	if err != nil || len(entries) != 1 || entries[0].State != notice.Deferred || entries[0].Tries != 0 {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestEveryTextColumnSortsByBytes(t *testing.T) {
	database := servertest.Postgres(t)
	openURL(t, database)
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var all, others int
	if err := conn.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE collation_name IS DISTINCT FROM 'C')
		FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text'`).Scan(&all, &others); err != nil {
		t.Fatal(err)
	}
	if all < 50 || others != 0 {
		t.Errorf("%d of %d text columns sort in another way; write TEXT in migrations", others, all)
	}
}

func TestAPasswordNeverStandsInAnError(t *testing.T) {
	right, err := url.Parse(servertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	wrong := *right
	wrong.User = url.UserPassword("vireilla", "Salasana1")
	nowhere := *right
	nowhere.Path = "/nowhere"
	password, _ := right.User.Password()
	for _, raw := range []string{
		wrong.String(),
		nowhere.String(),
		"postgres://vireilla:Salasana1@127.0.0.1:1/v?connect_timeout=5",
		"postgres://vireilla:Salasana1@127.0.0.1:port/v",
		"postgres://vireilla:Salasana1@127.0.0.1/v?sslmode=perhaps",
		"postgres://vireilla:Salasana1@127.0.0.1/v?password=Salasana1&connect_timeout=soon",
		"postgres://vireilla:Salasana1/x@127.0.0.1/v",
		"postgres://vireilla:1?Salasana1@127.0.0.1/v",
		"postgres://vireilla:1#Salasana1@127.0.0.1/v",
		"postgres://vireilla:%Salasana1@127.0.0.1/v",
		"host=127.0.0.1 user=vireilla password=Salasana1",
		"Salasana1:x",
		"mysql://vireilla:Salasana1@127.0.0.1/v",
	} {
		_, err := store.Open(t.Context(), raw)
		if err == nil {
			t.Errorf("%s was opened", raw)
			continue
		}
		if text := err.Error(); strings.Contains(text, "Salasana1") || strings.Contains(text, password) {
			t.Errorf("%s: %s", raw, text)
		}
	}
}

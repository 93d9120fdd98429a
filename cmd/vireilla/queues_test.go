package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"

	"vireilla/internal/queue"
	"vireilla/internal/test/servertest"
	"vireilla/internal/test/smtptest"
	"vireilla/internal/test/syncbuf"
	"vireilla/tasks"
)

func TestLettersGoOutOverSentinelsWhileTheMasterDies(t *testing.T) {
	t.Parallel()
	sentinels := servertest.StartSentinels(t)
	o := newOutage(t, sentinels.URL)
	o.awaitPart(5)
	sentinels.Master.Kill()
	o.awaitPart(15)
	o.awaitQueue()
	o.monitored()
	o.check()
	// Not once where the change is quick, more than once where it goes in steps.
	gone := o.log.Count("the queue does not take tasks")
	o.told(gone)
}

func TestLettersGoOutOverACluster(t *testing.T) {
	t.Parallel()
	cluster := servertest.StartRedisCluster(t)
	o := newOutage(t, cluster.URL)
	o.awaitPart(5)
	o.awaitQueue()
	o.monitored()
	o.check()
	o.told(0)
}

// monitored expects both queues on the monitor, through the inspector and through its pages.
func (o *outage) monitored() {
	o.t.Helper()
	inspector := asynq.NewInspector(o.Queue.Options.Redis)
	defer inspector.Close()
	names, err := inspector.Queues()
	slices.Sort(names)
	if err != nil || !slices.Equal(names, []string{tasks.Letters, tasks.Ticks}) {
		o.t.Errorf("the inspector sees %v, %v", names, err)
	}
	monitor := asynqmon.New(asynqmon.Options{RootPath: "/queues", RedisConnOpt: o.Queue.Options.Redis, ReadOnly: true})
	defer monitor.Close()
	for _, path := range []string{"/queues/api/queues", "/queues/api/redis_info", "/queues/api/servers"} {
		w := httptest.NewRecorder()
		monitor.ServeHTTP(w, httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			o.t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestARedisThatThrowsTasksAwayIsRefused(t *testing.T) {
	t.Parallel()
	single, cluster, sentinels := servertest.StartRedis(t), servertest.StartRedisCluster(t), servertest.StartSentinels(t)
	for name, c := range map[string]struct {
		url    string
		server *servertest.RedisServer // the one that is not as it should be
	}{
		"redis":    {single.URL(), single},
		"cluster":  {cluster.URL, cluster.Masters[2]},
		"sentinel": {sentinels.URL, sentinels.Master},
	} {
		opt, err := queue.ParseURL(c.url)
		if err != nil {
			t.Fatal(err)
		}
		client, err := queue.Open(t.Context(), queue.Options{Redis: opt, Ticks: "q", Letters: "q", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		defer client.Close()
		if paused, err := client.Health.Try(t.Context()); err != nil || paused {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.server.Client(t).ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := queue.Open(t.Context(), queue.Options{Redis: opt, Ticks: "q", Letters: "q", Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "allkeys-lru") {
			t.Errorf("%s: not refused: %v", name, err)
		}
		if _, err := client.Health.Try(t.Context()); err == nil {
			t.Errorf("%s: used though its policy was changed", name)
		}
	}
}

// Who may not ask for the policy is believed; who may not write is not.
func TestAUserOfRedisNeedsNoMoreThanItsKeys(t *testing.T) {
	t.Parallel()
	server := servertest.StartRedis(t)
	for name, rules := range map[string]string{"queue": "on >pw ~asynq:* ~vireilla:* &* +@all -@dangerous -info -config", "reader": "on >pw ~* +@read +ping"} {
		if err := server.Client(t).Do(t.Context(), append([]any{"ACL", "SETUSER", name}, words(rules)...)...).Err(); err != nil {
			t.Fatal(err)
		}
		opt, err := queue.ParseURL("redis://" + name + ":pw@" + server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		client, err := queue.Open(t.Context(), queue.Options{Redis: opt, Ticks: "q", Letters: "q", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.Health.Try(t.Context()); (err == nil) != (name == "queue") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func words(text string) (all []any) {
	for w := range strings.FieldsSeq(text) {
		all = append(all, w)
	}
	return all
}

func TestTLSIsVerified(t *testing.T) {
	t.Parallel()
	address, roots := behindTLS(t, servertest.StartRedis(t))
	opt, err := queue.ParseURL("rediss://:pw@" + address)
	if err != nil {
		t.Fatal(err)
	}
	known := opt.(asynq.RedisClientOpt)
	ask := func(c *tls.Config) error {
		known.TLSConfig = c
		client := known.MakeRedisClient().(*redis.Client)
		defer client.Close()
		return client.Ping(context.Background()).Err()
	}
	given := known.TLSConfig
	if err := ask(given); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	vouched := given.Clone()
	vouched.RootCAs = roots
	if err := ask(vouched); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("a Redis is reached and refuses the password: %v", err)
	}
	vouched.ServerName = "redis.invalid"
	if err := ask(vouched); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("another's certificate is taken: %v", err)
	}
}

// behindTLS puts a server behind TLS, with a certificate for 127.0.0.1 that roots vouch for.
func behindTLS(t *testing.T, server *servertest.RedisServer) (address string, roots *x509.CertPool) {
	t.Helper()
	issuer := httptest.NewTLSServer(nil) // has such a certificate
	issuer.Close()
	roots = x509.NewCertPool()
	roots.AddCert(issuer.Certificate())
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: issuer.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server.Addr())
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
	return listener.Addr().String(), roots
}

func TestARunWithoutItsQueueSaysSoAndEnds(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	mail, env := relay(t)
	server := servertest.StartRedis(t)
	server.Kill()
	env = env.with(settings{"REDIS_URL": server.URL()})
	_, told, code := env.vireilla(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	if code != failed || !strings.Contains(told, "the queue does not take tasks") || !strings.Contains(told, "connection refused") || strings.Contains(told, server.Password) {
		t.Errorf("exit %d, said %q", code, told)
	}
	if n := len(mail.Accepted()); n > 0 {
		t.Errorf("%d letters", n)
	}
}

// The task that is waited for will not come any more.
func TestARunWhoseQueueDiesEnds(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	mail, env := relay(t)
	server := servertest.StartRedis(t)
	env = env.with(settings{"REDIS_URL": server.URL()})
	client := server.Client(t)
	mail.Set(smtptest.Mail, smtptest.Well().Calling(server.Kill).Once())
	_, told, code := env.vireilla(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	if code != failed || !strings.Contains(told, "goes out with the next run") {
		t.Errorf("exit %d, said %q", code, told)
	}
	server.Restart(t)
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes")
	times := map[string]int{}
	for _, m := range mail.Accepted() {
		if times[m.MessageID]++; times[m.MessageID] > 1 {
			t.Errorf("%s came twice", m.MessageID)
		}
	}
	if keys, err := client.Keys(t.Context(), "asynq:{run-*").Result(); err != nil || len(times) == 0 {
		t.Errorf("%d letters; %v %v", len(times), keys, err)
	}
}

func TestARunLeavesNothingInRedis(t *testing.T) {
	t.Parallel()
	data, rules := office(t, "2024-03-06")
	mail, env := relay(t)
	server := servertest.StartRedis(t)
	client := server.Client(t)
	env = env.with(settings{"REDIS_URL": server.URL()})
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	for _, c := range []struct {
		how  string
		ctx  context.Context
		mood smtptest.Mood
		want int
	}{
		{"interrupted", ctx, smtptest.Well().Calling(interrupt), failed},
		{"refused", t.Context(), smtptest.Reply("451 4.3.0 later"), failed},
		{"well", t.Context(), smtptest.Well(), done},
	} {
		mail.Set(smtptest.Mail, c.mood)
		var told bytes.Buffer
		if code := run(c.ctx, []string{"--data", data, "--policy", rules, "run", "--at", "2024-03-06", "--yes"}, env.get, io.Discard, &told); code != c.want {
			t.Errorf("%s: exit %d, said %s", c.how, code, &told)
		}
		if keys, err := client.Keys(t.Context(), "*").Result(); err != nil || len(keys) > 0 {
			t.Errorf("%s: left %v, %v", c.how, keys, err)
		}
	}
	cluster := servertest.StartRedisCluster(t)
	env = env.with(settings{"REDIS_URL": cluster.URL})
	env.must(t, "--data", data, "--policy", rules, "run", "--at", "2024-03-07", "--yes")
	opt, err := queue.ParseURL(cluster.URL)
	if err != nil {
		t.Fatal(err)
	}
	all := opt.MakeRedisClient().(*redis.ClusterClient)
	defer all.Close()
	err = all.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error {
		keys, err := c.Keys(ctx, "*").Result()
		if len(keys) > 0 {
			t.Errorf("left in a Cluster: %v", keys)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestServeBeginsWithoutRedis(t *testing.T) {
	t.Parallel()
	_, env := relay(t)
	server := servertest.StartRedis(t)
	server.Kill()
	env = env.with(settings{"REDIS_URL": server.URL(), "LISTEN": "127.0.0.1:0"})
	ctx, cancel := context.WithCancel(t.Context())
	var out, told syncbuf.Buffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"--data", t.TempDir(), "serve"}, env.get, &out, &told) }()
	await := func(j *syncbuf.Buffer, words string) {
		t.Helper()
		look, late := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
		defer look.Stop()
		for j.Count(words) == 0 {
			select {
			case <-look.C:
			case code := <-ended:
				t.Fatalf("ended with %d: %s", code, told.String())
			case <-late:
				t.Fatalf("never said %q: %s", words, told.String())
			}
		}
	}
	await(&out, "at work")
	await(&told, "the queue does not take tasks")
	server.Restart(t)
	await(&told, "the queue is back")
	cancel()
	select {
	case code := <-ended:
		if code != done || told.Count("\n") != 2 || told.Count(server.Password) > 0 {
			t.Errorf("exit %d, said %s", code, told.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still there after ten seconds")
	}
}

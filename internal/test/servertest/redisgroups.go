package servertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Sentinels is one redis-server with two replicas and three Sentinels, which promote a replica about two seconds after
// the master is lost. The Sentinels have another password than the servers.
type Sentinels struct {
	Master  *RedisServer // the first one
	Servers []*RedisServer
	URL     string // in the form of REDIS_URL
}

// masterName is the name of the master in the configuration of the Sentinels.
const masterName = "queue"

// StartSentinels starts them until the test ends. Without redis-server it skips the test, and fails it under CI=true.
func StartSentinels(t testing.TB) *Sentinels {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it starts several redis-servers")
	}
	password, other := rand.Text(), rand.Text()
	const ready = "Ready to accept connections"
	master := startRedis(t, password, ready, []string{"masterauth " + password, "repl-diskless-sync-delay 0"})
	all := &Sentinels{Master: master, Servers: []*RedisServer{master}}
	for range 2 {
		all.Servers = append(all.Servers, startRedis(t, password, ready,
			[]string{"masterauth " + password, "replicaof 127.0.0.1 " + master.Port}))
	}
	await(t, "the replicas to follow", func(ctx context.Context) (bool, error) {
		info, err := master.Client(t).Info(ctx, "replication").Result()
		return strings.Count(info, "state=online") == 2, err
	})
	var hosts []string
	for range 3 {
		s := startRedis(t, other, "+monitor master", []string{
			"sentinel monitor " + masterName + " 127.0.0.1 " + master.Port + " 2",
			"sentinel auth-pass " + masterName + " " + password,
			"sentinel down-after-milliseconds " + masterName + " 1000",
			"sentinel failover-timeout " + masterName + " 5000"}, "--sentinel")
		hosts = append(hosts, s.Addr())
	}
	for _, host := range hosts {
		sentinel := redis.NewSentinelClient(&redis.Options{Addr: host, Password: other})
		t.Cleanup(func() { _ = sentinel.Close() })
		await(t, "the Sentinels to find each other", func(ctx context.Context) (bool, error) {
			m, err := sentinel.Master(ctx, masterName).Result()
			return m["num-slaves"] == "2" && m["num-other-sentinels"] == "2", err
		})
	}
	all.URL = "redis-sentinel://:" + url.QueryEscape(other) + "@" + strings.Join(hosts, ",") +
		"/0?master=" + masterName + "&password=" + url.QueryEscape(password)
	return all
}

// RedisCluster is three masters without replicas.
type RedisCluster struct {
	Masters []*RedisServer
	URL     string // in the form of REDIS_URL
}

// slots is the number of hash slots of a Cluster.
const slots = 16384

// StartRedisCluster starts a Cluster until the test ends. Without redis-server it skips the test, and fails it under
// CI=true.
func StartRedisCluster(t testing.TB) *RedisCluster {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it starts several redis-servers")
	}
	const nodes = 3
	password := rand.Text()
	all := &RedisCluster{}
	var hosts, buses []string
	for i := range nodes {
		bus, err := freePort() // the default, 10000 above the port, may be above 65535
		need(t, err)
		s := startRedis(t, password, "Ready to accept connections", []string{"masterauth " + password,
			"cluster-enabled yes", "cluster-node-timeout 2000", "cluster-port " + bus})
		all.Masters, hosts, buses = append(all.Masters, s), append(hosts, s.Addr()), append(buses, bus)
		c := s.Client(t)
		if err := c.ClusterAddSlotsRange(t.Context(), i*slots/nodes, (i+1)*slots/nodes-1).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Do(t.Context(), "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, s := range all.Masters[1:] {
		meet := all.Masters[0].Client(t).Do(t.Context(), "CLUSTER", "MEET", "127.0.0.1", s.Port, buses[i+1])
		if err := meet.Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range all.Masters {
		await(t, "the Cluster to meet", func(ctx context.Context) (bool, error) {
			info, err := s.Client(t).ClusterInfo(ctx).Result()
			return strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, fmt.Sprint("cluster_known_nodes:", nodes)), err
		})
	}
	all.URL = "redis-cluster://:" + url.QueryEscape(password) + "@" + strings.Join(hosts, ",")
	return all
}

// await checks a condition every 20 ms until it holds, and fails the test after 30 seconds. An error is not final: the
// server may not answer yet.
func await(t testing.TB, what string, check func(ctx context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		ok, err := check(ctx)
		if ok {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s: %v", what, err)
		}
	}
}

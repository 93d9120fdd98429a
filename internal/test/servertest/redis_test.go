package servertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestAKilledRedisComesBackEmptyAtItsAddress(t *testing.T) {
	s := StartRedis(t)
	c := s.Client(t)
	if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if answers(s.Addr()) {
		t.Fatal("it still answers")
	}
	s.Restart(t)
	if n, err := c.DBSize(t.Context()).Result(); n != 0 || err != nil {
		t.Errorf("%d keys, %v", n, err)
	}
}

func TestAHeldRedisDoesNotAnswerAndLosesNothing(t *testing.T) {
	s := StartRedis(t)
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), Password: s.Password, ReadTimeout: 200 * time.Millisecond, MaxRetries: -1})
	defer c.Close()
	if err := c.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Hold(t)
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("it answers")
	}
	s.Resume(t)
	await(t, "the server to go on", func(ctx context.Context) (bool, error) {
		v, err := c.Get(ctx, "key").Result()
		return v == "value", err
	})
}

func TestSentinelsPutAReplicaInTheMastersPlace(t *testing.T) {
	t.Parallel()
	s := StartSentinels(t)
	s.Master.Kill()
	await(t, "a replica to become master", func(ctx context.Context) (bool, error) {
		for _, r := range s.Servers[1:] {
			if role, err := r.Client(t).Do(ctx, "ROLE").Slice(); err == nil && role[0] == "master" {
				return true, nil
			}
		}
		return false, nil
	})
}

func TestAClusterKeepsKeysOnEachMaster(t *testing.T) {
	t.Parallel()
	c := StartRedisCluster(t)
	var hosts []string
	for _, m := range c.Masters {
		hosts = append(hosts, m.Addr())
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: hosts, Password: c.Masters[0].Password})
	defer client.Close()
	for _, key := range []string{"a", "b", "c", "d", "e", "f"} {
		if err := client.Set(t.Context(), key, key, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range c.Masters {
		if n, err := m.Client(t).DBSize(t.Context()).Result(); n == 0 || err != nil {
			t.Errorf("%d keys, %v", n, err)
		}
	}
}

func TestEverythingThatIsSaidToRedisIsHeard(t *testing.T) {
	s := StartRedis(t)
	heard := s.Monitor(t)
	c := s.Client(t)
	if err := c.Set(t.Context(), "key", "a value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := c.Del(t.Context(), "key").Err(); err != nil {
		t.Fatal(err)
	}
	await(t, "the monitor to hear it", func(context.Context) (bool, error) {
		return strings.Contains(heard.String(), `"set" "key" "a value"`) && strings.Contains(heard.String(), `"del" "key"`), nil
	})
}

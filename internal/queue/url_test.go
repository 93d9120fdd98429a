package queue

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hibiken/asynq"
)

func TestEveryFormOfRedisURLIsRead(t *testing.T) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	for text, want := range map[string]asynq.RedisConnOpt{
		"redis://127.0.0.1":                        asynq.RedisClientOpt{Addr: "127.0.0.1:6379"},
		"redis://:pw@redis.example:6380/3":         asynq.RedisClientOpt{Addr: "redis.example:6380", Password: "pw", DB: 3},
		"redis://queue:p%40%2F%3A%3F%23w@[::1]:1/": asynq.RedisClientOpt{Addr: "[::1]:1", Username: "queue", Password: "p@/:?#w"},
		"redis://[::1]":                            asynq.RedisClientOpt{Addr: "[::1]:6379"},
		"rediss://:pw@redis.example":               asynq.RedisClientOpt{Addr: "redis.example:6379", Password: "pw", TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: "redis.example"}},
		"redis-socket://:pw@/run/redis.sock?db=2":  asynq.RedisClientOpt{Network: "unix", Addr: "/run/redis.sock", Password: "pw", DB: 2},
		"redis-sentinel://a:1,b:2?master=main":     asynq.RedisFailoverClientOpt{MasterName: "main", SentinelAddrs: []string{"a:1", "b:2"}},
		"redis-sentinel://:s@a,b,c/4?master=main":  asynq.RedisFailoverClientOpt{MasterName: "main", SentinelAddrs: []string{"a:26379", "b:26379", "c:26379"}, SentinelPassword: "s", DB: 4},
		"redis-cluster://:pw@a,b:7001":             asynq.RedisClusterClientOpt{Addrs: []string{"a:6379", "b:7001"}, Password: "pw"},
		"redis-cluster://u:pw@a/0":                 asynq.RedisClusterClientOpt{Addrs: []string{"a:6379"}, Username: "u", Password: "pw"},
		"rediss-cluster://a,b":                     asynq.RedisClusterClientOpt{Addrs: []string{"a:6379", "b:6379"}, TLSConfig: secure},
		"rediss-sentinel://u:s@a/1?master=main&username=q&password=p%26%3Dw": asynq.RedisFailoverClientOpt{MasterName: "main", SentinelAddrs: []string{"a:26379"},
			SentinelUsername: "u", SentinelPassword: "s", Username: "q", Password: "p&=w", DB: 1, TLSConfig: secure},
	} {
		got, err := ParseURL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(tls.Config{})); diff != "" {
			t.Errorf("%s: -want +got\n%s", text, diff)
		}
	}
}

// What asynq reads of its own forms, we read in the same way.
func TestTheFormsOfTheLibraryMeanTheSame(t *testing.T) {
	for _, text := range []string{"redis://:pw@h:1/3", "redis-socket://:pw@/run/r.sock?db=2", "redis-sentinel://:pw@a:1,b:2?master=m"} {
		want, err := asynq.ParseRedisURI(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseURL(text); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: %v\n%s", text, err, cmp.Diff(want, got))
		}
	}
}

func TestAWrongRedisURLIsNotRepeated(t *testing.T) {
	for _, text := range []string{
		"", "hunter2", "hunter2://h", "http://:hunter2@h", "redis:hunter2", "redis://", "redis://:hunter2@", "redis://:hunter2@h:port", "redis://:hunter2@h:0", "redis://:hunter2@h:70000",
		"redis://:hunter2@h/first", "redis://:hunter2@h/-1", "redis://:hunter2@a,b", "redis://:hunter2/x@h", "redis://:hunter2?x@h", "redis://:hunter2#x@h", "redis://:hunter2@x@h",
		"redis://:hunter2%zz@h", "redis://u:hunter2:x@h", "redis://::1", "redis://h?password=hunter2", "redis://h/%zz", "redis-socket://h/run/hunter2", "redis-socket:///", "rediss-socket:///run/hunter2",
		"redis-socket:///r?db=hunter2", "redis-sentinel://:hunter2@a,b", "redis-sentinel://:hunter2@a,,b?master=m", "redis-sentinel://a?master=m&password=hunter2&password=x",
		"redis-sentinel://a?master=m&hunter2", "redis-sentinel://a?master=%zz", "redis-cluster://:hunter2@a/1", "redis-cluster://:hunter2@?x=1", "redis-cluster://a b",
	} {
		_, err := ParseURL(text)
		if err == nil {
			t.Errorf("%s is read", text)
			continue
		}
		if told := err.Error(); strings.Contains(told, "hunter2") || !strings.HasPrefix(told, "REDIS_URL: ") || !strings.Contains(told, "redis-sentinel://[") {
			t.Errorf("%s: %s", text, told)
		}
	}
}

func FuzzRedisURL(f *testing.F) {
	f.Add("redis-sentinel://:pw@a:1,b/2?master=m")
	f.Add("rediss://u:p%40@[::1]:6379/0")
	f.Fuzz(func(t *testing.T, text string) {
		if opt, err := ParseURL(text); (opt == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", text, opt, err)
		}
	})
}

package queue

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/hibiken/asynq"
)

// URLForms says what may stand in REDIS_URL. Errors end with it and never repeat what was written: any part of it may
// belong to a password.
const URLForms = `write one of
  redis://[USER][:PASSWORD@]HOST[:PORT][/DB]
  redis-socket://[:PASSWORD@]/PATH[?db=DB]
  redis-sentinel://[USER][:PASSWORD@]HOST[:PORT],HOST…[/DB]?master=NAME[&username=…][&password=…]
  redis-cluster://[USER][:PASSWORD@]HOST[:PORT],HOST…
and rediss, rediss-sentinel or rediss-cluster for TLS; in a name or password write %40 for @, %2F for /, %3A for :, %3F for ?, %23 for #, %25 for %`

// Redis and Sentinel listen here where a URL names no port.
const (
	redisPort    = "6379"
	sentinelPort = "26379"
)

// parts is a REDIS_URL taken apart. net/url wants one host; lists of hosts are read here.
type parts struct {
	kind               string // redis, socket, sentinel or cluster
	tls                *tls.Config
	username, password string
	hosts              []string // HOST:PORT
	path               string   // decoded, with its slash
	query              url.Values
}

// ParseURL reads the forms of asynq.ParseRedisURI, and beyond them user names, the database and the login behind a
// Sentinel, Cluster, and TLS for both. With a Sentinel, USER and PASSWORD are those of the Sentinels; username and
// password in the query are those of the servers that they watch. TLS is verified against the machine's certificates.
func ParseURL(text string) (Redis, error) {
	opt, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w; %s", err, URLForms)
	}
	return opt, nil
}

func parse(text string) (Redis, error) {
	u, err := split(text)
	if err != nil {
		return nil, err
	}
	switch u.kind {
	case "socket":
		if len(u.hosts) > 0 || len(u.path) < 2 {
			return nil, errors.New("a socket has a path that begins with /, and no host")
		}
		db, err := number(u.query.Get("db"))
		return asynq.RedisClientOpt{Network: "unix", Addr: u.path, Username: u.username, Password: u.password, DB: db}, err
	case "sentinel":
		master := u.query.Get("master")
		if master == "" {
			return nil, errors.New("?master= must name what the Sentinels watch")
		}
		db, err := number(strings.TrimPrefix(u.path, "/"))
		return asynq.RedisFailoverClientOpt{MasterName: master, SentinelAddrs: u.hosts, SentinelUsername: u.username, SentinelPassword: u.password,
			Username: u.query.Get("username"), Password: u.query.Get("password"), DB: db, TLSConfig: u.tls}, err
	case "cluster":
		if db, err := number(strings.TrimPrefix(u.path, "/")); err != nil || db != 0 {
			return nil, errors.New("a Cluster has no databases with numbers")
		}
		return asynq.RedisClusterClientOpt{Addrs: u.hosts, Username: u.username, Password: u.password, TLSConfig: u.tls}, nil
	}
	if len(u.hosts) > 1 {
		return nil, errors.New("several hosts are a Sentinel's or a Cluster's")
	}
	db, err := number(strings.TrimPrefix(u.path, "/"))
	return asynq.RedisClientOpt{Addr: u.hosts[0], Username: u.username, Password: u.password, DB: db, TLSConfig: u.tls}, err
}

// split takes a URL apart without net/url, which may refuse several hosts and repeats what it refuses.
func split(text string) (u parts, err error) {
	scheme, rest, _ := strings.Cut(text, "://")
	secure := strings.HasPrefix(scheme, "rediss")
	parameters := map[string]string{"redis": "", "redis-socket": "db", "redis-sentinel": "master username password", "redis-cluster": ""}
	known, ok := parameters[strings.Replace(scheme, "rediss", "redis", 1)]
	if !ok || scheme == "rediss-socket" {
		return u, errors.New("it does not begin with a known scheme")
	}
	if u.kind = "redis"; strings.Contains(scheme, "-") {
		_, u.kind, _ = strings.Cut(scheme, "-")
	}
	if strings.Contains(rest, "#") {
		return u, errors.New("there is a # in it")
	}
	rest, query, _ := strings.Cut(rest, "?")
	if u.query, err = url.ParseQuery(query); err != nil {
		return u, errors.New("what follows the ? cannot be read")
	}
	for name, values := range u.query {
		if name == "" || !strings.Contains(" "+known+" ", " "+name+" ") || len(values) > 1 {
			return u, errors.New("what follows the ? is not known there, or stands there twice")
		}
	}
	authority, path, slash := strings.Cut(rest, "/")
	if strings.Contains(path, "@") || strings.Count(authority, "@") > 1 {
		return u, errors.New("there is an @ too many")
	}
	if u.path, err = url.PathUnescape(path); err != nil {
		return u, errors.New("its path cannot be read")
	}
	if slash {
		u.path = "/" + u.path
	}
	login, hosts, found := strings.Cut(authority, "@")
	if !found {
		login, hosts = "", authority
	}
	name, password, _ := strings.Cut(login, ":")
	u.username, err = url.PathUnescape(name)
	var err2 error
	if u.password, err2 = url.PathUnescape(password); err != nil || err2 != nil || strings.Contains(password, ":") {
		return u, errors.New("the name or password cannot be read")
	}
	port := redisPort
	if u.kind == "sentinel" {
		port = sentinelPort
	}
	if u.hosts, err = hostPorts(hosts, port); err != nil || len(u.hosts) == 0 && u.kind != "socket" {
		return u, errors.New("no host can be read")
	}
	if secure {
		u.tls = &tls.Config{MinVersion: tls.VersionTLS12} // each host is verified by its own name
		if u.kind == "redis" {
			u.tls.ServerName, _, _ = net.SplitHostPort(u.hosts[0])
		}
	}
	return u, nil
}

// hostPorts reads hosts that are parted by commas. A host of IPv6 stands in brackets.
func hostPorts(list, port string) (all []string, err error) {
	if list == "" {
		return nil, nil
	}
	for each := range strings.SplitSeq(list, ",") {
		host, own, err := net.SplitHostPort(each)
		if err != nil {
			host, own = strings.TrimSuffix(strings.TrimPrefix(each, "["), "]"), port
			if strings.Contains(host, ":") && !strings.HasPrefix(each, "[") {
				return nil, err
			}
		}
		if n, err := strconv.ParseUint(own, 10, 16); err != nil || n == 0 || host == "" || strings.ContainsAny(host, " %[]") {
			return nil, errors.New("no host and port")
		}
		all = append(all, net.JoinHostPort(host, own))
	}
	return all, nil
}

// number reads the number of a database; none is 0.
func number(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 15)
	if err != nil {
		return 0, errors.New("the database is not a number")
	}
	return int(n), nil
}

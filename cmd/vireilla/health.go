package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthCmd struct{}

// Run asks the serve of this machine for /healthz, at METRICS_LISTEN or else LISTEN. It is the health check of a
// container that holds nothing but the program.
func (healthCmd) Run(env *environment) error {
	cfg, err := env.config()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(cmp.Or(cfg.Metrics, cfg.Listen))
	if err != nil {
		return fmt.Errorf("METRICS_LISTEN or LISTEN: %w", err)
	}
	address := net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port) // who calls 0.0.0.0 or :: reaches this machine
	ctx, cancel := context.WithTimeout(env.ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := (&http.Transport{}).RoundTrip(r) // without the proxy of the environment
	if err != nil {
		return fmt.Errorf("serve does not answer at %s; does it run, and with this LISTEN or METRICS_LISTEN? %w",
			address, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("serve answers %s", answer.Status)
	}
	_, err = fmt.Fprintln(env.out, "ok")
	return err
}

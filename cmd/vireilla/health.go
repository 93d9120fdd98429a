package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthCmd struct{}

// Run asks the pages of this machine's own serve whether they answer: for the health check of a container that holds nothing but the program.
func (healthCmd) Run(a *app) error {
	cfg, err := loadConfig(a.Data)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(cmp.Or(cfg.Metrics, cfg.Listen))
	if err != nil {
		return fmt.Errorf("LISTEN: %w", err)
	}
	ctx, cancel := context.WithTimeout(a.ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/healthz", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("serve does not answer at 127.0.0.1:%s; does it run, and with this LISTEN or METRICS_LISTEN? %w", port, errors.Unwrap(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the pages answer %s", answer.Status)
	}
	_, err = fmt.Fprintln(a.out, "ok")
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// pinger gives a function that calls a URL as healthchecks.io wants it. Its argument, such as /fail, is added to the
// URL. The URL is a secret, so no error repeats it.
func pinger(base string) (func(context.Context, string) error, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, errors.New("PING_URL: write an address such as https://hc-ping.com/UUID")
	}
	return func(ctx context.Context, what string) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(base, "/")+what, nil)
		if err != nil {
			return errors.New("no request could be made of PING_URL")
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return errors.New("PING_URL cannot be reached")
		}
		defer answer.Body.Close()
		if answer.StatusCode/100 != 2 {
			return fmt.Errorf("PING_URL answers %d", answer.StatusCode)
		}
		return nil
	}, nil
}

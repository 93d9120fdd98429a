// Command pictures makes the pictures of the README anew: it runs the demo on a fixed day and photographs its pages
// with a headless Chromium.
//
//	go run ./internal/test/pictures [FOLDER]
//
// FOLDER is docs/pictures unless it is named. The command needs Go, and Chromium or Chrome on the PATH; it is run from
// the root of the repository.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

const (
	day     = "2026-03-16"    // a Monday: the digests hold the list of the week
	largest = 150 << 10       // bytes of a picture
	timeout = 3 * time.Minute // for the build, the demo and all pictures
)

// shot is one picture: a page, seen in a window of a size in CSS pixels, with so many dots to a CSS pixel.
type shot struct {
	file, page    string
	width, height int
	scale         float64
}

func main() {
	folder := filepath.Join("docs", "pictures")
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	err := run(ctx, folder)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string) (err error) {
	browser, err := findBrowser()
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "vireilla-pictures-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	site, end, err := startDemo(ctx, temp)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	digest, err := findDigest(ctx, browser, temp, site)
	if err != nil {
		return err
	}
	for _, s := range []shot{
		{"digest.png", site + digest + "/html", 390, 844, 2},
		{"status.png", site, 1200, 940, 1.5},
	} {
		size, err := s.take(ctx, browser, temp, folder)
		if err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
		fmt.Printf("%s: %d bytes\n", filepath.Join(folder, s.file), size)
	}
	return nil
}

var opened = regexp.MustCompile(`(?m)^Open (http://\S+/) `)

// startDemo builds the program, starts its demo on a free port and waits until its pages are there. None of the
// caller's own settings reach it.
func startDemo(ctx context.Context, temp string) (site string, end func() error, err error) {
	program := filepath.Join(temp, "vireilla")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/vireilla").CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("build: %w\n%s", err, out)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "demo", "--at", day)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = []string{"LISTEN=127.0.0.1:0", "TMPDIR=" + temp}
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("demo: %w", err)
	}
	end = func() error { return errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()) }
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := opened.FindStringSubmatch(lines.Text()); found != nil {
			return found[1], end, nil
		}
	}
	_, _ = io.Copy(io.Discard, out)
	return "", nil, fmt.Errorf("the demo opened no pages: %w\n%s", cmd.Wait(), said.String())
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("neither chromium nor google-chrome is on the PATH")
}

// browse runs a headless browser once, with a profile of its own, and gives what it prints.
func browse(ctx context.Context, browser, temp string, args ...string) ([]byte, error) {
	profile, err := os.MkdirTemp(temp, "profile-")
	if err != nil {
		return nil, err
	}
	flags := []string{"--headless", "--user-data-dir=" + profile, "--no-first-run", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync"}
	if os.Getuid() == 0 {
		flags = append(flags, "--no-sandbox") // Chromium refuses to run as root otherwise; it is shown the demo's pages alone
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, browser, append(flags, args...)...)
	cmd.Stderr, cmd.WaitDelay = &said, 5*time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%.2000s", browser, err, said.String())
	}
	return out, nil
}

var mail = regexp.MustCompile(`href="/(inbox/\d+)"`)

// findDigest gives the page of a coach's digest in English, relative to the site.
func findDigest(ctx context.Context, browser, temp, site string) (string, error) {
	list, err := browse(ctx, browser, temp, "--dump-dom", site+"inbox?q=Digest&language=en")
	if err != nil {
		return "", err
	}
	found := mail.FindSubmatch(list)
	if found == nil {
		return "", errors.New("the inbox holds no digest in English")
	}
	return string(found[1]), nil
}

// take writes the picture into a folder and gives its size in bytes.
func (s shot) take(ctx context.Context, browser, temp, folder string) (int, error) {
	raw := filepath.Join(temp, s.file)
	_, err := browse(ctx, browser, temp, "--force-device-scale-factor="+strconv.FormatFloat(s.scale, 'g', -1, 64),
		fmt.Sprintf("--window-size=%d,%d", s.width, s.height), "--screenshot="+raw, s.page)
	if err != nil {
		return 0, err
	}
	photo, err := os.ReadFile(raw)
	if err != nil {
		return 0, err
	}
	picture, err := png.Decode(bytes.NewReader(photo))
	if err != nil {
		return 0, err
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, fewColours(picture)); err != nil {
		return 0, err
	}
	if small.Len() > largest {
		return 0, fmt.Errorf("the picture has %d bytes, more than %d", small.Len(), largest)
	}
	return small.Len(), os.WriteFile(filepath.Join(folder, s.file), small.Bytes(), 0o644)
}

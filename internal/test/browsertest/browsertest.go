// Package browsertest shows pages to tests in a real Chromium, and checks with axe-core that they are accessible.
//
// Without Chromium or npm, Start and LoadAxe skip the test. Where the environment says CI=true they fail it instead.
//
// The package speaks the Chrome DevTools Protocol over two pipes: JSON messages with a zero byte after each.
package browsertest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// lifetime ends a browser that hangs, before the 10 minutes after which go test ends the test binary.
const lifetime = 9 * time.Minute

// Browser is a Chromium with one tab.
type Browser struct {
	t         testing.TB
	commands  *os.File
	messages  *bufio.Reader
	session   string
	commandID int
	problems  []string
	loaded    map[string]bool // by the id that the browser gives each loading of a page
}

// message is what the browser sends: the answer to a command, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

// skipOrFail ends a test because this machine lacks something: it skips the test, and fails it under CI=true.
func skipOrFail(t testing.TB, missing string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// Start starts the Chromium on the PATH and stops it when the test ends. Without a Chromium it skips the test, and
// fails it under CI=true.
//
// Under -short it skips the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it needs a browser")
	}
	path := findChromium(t)
	profile, err := os.MkdirTemp("", "vireilla-browser-")
	fatal(t, err)
	commandsRead, commands, err := os.Pipe()
	fatal(t, err)
	messages, messagesWrite, err := os.Pipe()
	fatal(t, err)
	args := []string{"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--no-first-run",
		"--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--disable-extensions", "--js-flags=--single-threaded"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium refuses to run as root otherwise; it only loads our own pages
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), lifetime)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, append(args, "about:blank")...)
	cmd.ExtraFiles, cmd.Stderr, cmd.WaitDelay = []*os.File{commandsRead, messagesWrite}, &stderr, 5*time.Second
	err = cmd.Start()
	_, _ = commandsRead.Close(), messagesWrite.Close()
	b := &Browser{t: t, commands: commands, messages: bufio.NewReaderSize(messages, 1<<16), loaded: map[string]bool{}}
	t.Cleanup(func() {
		_, _ = commands.Close(), messages.Close() // Chromium exits when its pipes are closed
		_ = cmd.Wait()
		cancel()
		_ = os.RemoveAll(profile) // a child that still runs may write to it: leftovers do no harm
		if t.Failed() {
			t.Logf("%s wrote:\n%.2000s", path, stderr.String())
		}
	})
	fatal(t, err)
	var target struct{ TargetID string }
	b.command("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.command("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.command(domain+".enable", nil, nil)
	}
	b.command("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	return b
}

func findChromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skipOrFail(t, "neither chromium nor google-chrome is on the PATH; this test needs one")
	return ""
}

// For makes the browser report to a subtest until that ends. One browser for several subtests saves the time of
// starting several.
func (b *Browser) For(t testing.TB) *Browser {
	parent := b.t
	b.t = t
	t.Cleanup(func() { b.t = parent })
	return b
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// command sends a command and waits for its answer.
func (b *Browser) command(method string, params map[string]any, answer any) {
	b.t.Helper()
	b.commandID++
	request := map[string]any{"id": b.commandID, "method": method, "params": params}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	fatal(b.t, err)
	if _, err := b.commands.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	m := b.readUntil(func(m message) bool { return m.ID == b.commandID })
	if m.Error != nil {
		b.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if answer != nil {
		fatal(b.t, json.Unmarshal(m.Result, answer))
	}
}

// readUntil handles messages up to the first for which done holds, and returns that one.
func (b *Browser) readUntil(done func(message) bool) message {
	b.t.Helper()
	for {
		text, err := b.messages.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("the browser has exited: %v", err)
		}
		var m message
		fatal(b.t, json.Unmarshal(text[:len(text)-1], &m))
		switch m.Method {
		case "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled":
			b.problems = append(b.problems, string(m.Params))
		case "Page.lifecycleEvent":
			var event struct{ Name, LoaderID string }
			fatal(b.t, json.Unmarshal(m.Params, &event))
			if event.Name == "load" {
				b.loaded[event.LoaderID] = true
			}
		}
		if done(m) {
			return m
		}
	}
}

// SetView sets the width of the window in CSS pixels, and whether the reader prefers a dark page. A page that is open
// is laid out again.
func (b *Browser) SetView(width int, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.command("Emulation.setDeviceMetricsOverride",
		map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.command("Emulation.setEmulatedMedia",
		map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Open loads an address and waits until the page is loaded.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.problems = nil
	var page struct{ LoaderID, ErrorText string }
	b.command("Page.navigate", map[string]any{"url": url}, &page)
	if page.ErrorText != "" {
		b.t.Fatalf("%s: %s", url, page.ErrorText)
	}
	if !b.loaded[page.LoaderID] {
		b.readUntil(func(message) bool { return b.loaded[page.LoaderID] })
	}
}

// Follow calls act, which must lead to another page, and waits until that page is loaded.
func (b *Browser) Follow(act func()) {
	b.t.Helper()
	before := len(b.loaded)
	act()
	if len(b.loaded) == before {
		b.readUntil(func(message) bool { return len(b.loaded) > before })
	}
}

// Problems returns what the console and the browser's own checks reported since Open, such as what the content
// security policy blocked.
func (b *Browser) Problems() []string { return b.problems }

// Press presses a key, such as Tab or Enter.
func (b *Browser) Press(key string) {
	b.t.Helper()
	event := map[string]any{"type": "keyDown", "key": key, "code": key}
	switch key {
	case "Tab":
		event["windowsVirtualKeyCode"] = 9
	case "Enter":
		event["windowsVirtualKeyCode"], event["text"] = 13, "\r"
	}
	b.command("Input.dispatchKeyEvent", event, nil)
	event["type"] = "keyUp"
	b.command("Input.dispatchKeyEvent", event, nil)
}

// Eval evaluates a JavaScript expression on the page, waits for its promise if it is one, and decodes the value into
// result, which may be nil.
func (b *Browser) Eval(expression string, result any) {
	b.t.Helper()
	var found struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.command("Runtime.evaluate",
		map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &found)
	if found.ExceptionDetails != nil {
		b.t.Fatalf("%.80s: %s", expression, found.ExceptionDetails)
	}
	if result != nil {
		if err := json.Unmarshal(found.Result.Value, result); err != nil {
			b.t.Fatal(fmt.Errorf("%.80s: %w", expression, err))
		}
	}
}

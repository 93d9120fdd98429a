// Package browsertest shows pages to tests in a real Chromium, and asks axe-core whether everybody can use them. A machine that lacks Chromium or npm skips the
// test, and fails it where the environment says CI=true.
//
// The browser is spoken to in the Chrome DevTools Protocol over two pipes: JSON messages with a zero byte after each.
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

// patience is how long a browser may live.
const patience = 15 * time.Minute

// Browser is a Chromium with one tab.
type Browser struct {
	t       testing.TB
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
	told    []string        // what the console and the browser's own checks said since Open
	loaded  map[string]bool // the pages that are there, by the browser's own name for each loading
}

// message is what the browser says: the answer to a command, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct{ Message string }
}

// absent ends a test on a machine that lacks a program: by a skip unless somebody insists.
func absent(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Start starts the Chromium on the PATH. It ends with the test. Under -short it skips the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short: it needs a browser")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		absent(t, "neither chromium nor google-chrome is on the PATH; this test needs one")
	}
	folder, err := os.MkdirTemp("", "vireilla-browser-")
	fatal(t, err)
	hears, to, err := os.Pipe()
	fatal(t, err)
	from, says, err := os.Pipe()
	fatal(t, err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	args := []string{"--headless", "--remote-debugging-pipe", "--user-data-dir=" + folder, "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-background-networking", "--disable-component-update", "--disable-sync"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // it refuses to run as root otherwise; it is shown nothing but our own pages
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, path, append(args, "about:blank")...)
	cmd.ExtraFiles, cmd.Stderr, cmd.WaitDelay = []*os.File{hears, says}, &said, 5*time.Second
	err = cmd.Start()
	_, _ = hears.Close(), says.Close()
	b := &Browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<16), loaded: map[string]bool{}}
	t.Cleanup(func() {
		_, _ = to.Close(), from.Close() // the browser ends when nobody speaks with it
		_ = cmd.Wait()
		cancel()
		_ = os.RemoveAll(folder) // what a dying child still writes does no harm
		if t.Failed() {
			t.Logf("%s said:\n%.2000s", path, said.String())
		}
	})
	fatal(t, err)
	var target struct{ TargetID string }
	b.command("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.command("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, part := range []string{"Page", "Runtime", "Log"} {
		b.command(part+".enable", nil, nil)
	}
	b.command("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	return b
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// command says something and waits for the answer.
func (b *Browser) command(method string, params map[string]any, answer any) {
	b.t.Helper()
	b.last++
	text, err := json.Marshal(map[string]any{"id": b.last, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		text, err = json.Marshal(map[string]any{"id": b.last, "method": method, "params": params})
	}
	fatal(b.t, err)
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	m := b.until(func(m message) bool { return m.ID == b.last })
	if m.Error != nil {
		b.t.Fatalf("%s: %s", method, m.Error.Message)
	}
	if answer != nil {
		fatal(b.t, json.Unmarshal(m.Result, answer))
	}
}

// until listens until a message is the one.
func (b *Browser) until(is func(message) bool) message {
	b.t.Helper()
	for {
		text, err := b.from.ReadBytes(0)
		if err != nil {
			b.t.Fatalf("the browser is gone: %v", err)
		}
		var m message
		fatal(b.t, json.Unmarshal(text[:len(text)-1], &m))
		switch m.Method {
		case "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled":
			b.told = append(b.told, string(m.Params))
		case "Page.lifecycleEvent":
			var event struct{ Name, LoaderID string }
			fatal(b.t, json.Unmarshal(m.Params, &event))
			if event.Name == "load" {
				b.loaded[event.LoaderID] = true
			}
		}
		if is(m) {
			return m
		}
	}
}

// Look sets how wide the window is, in CSS pixels, and whether its reader likes it dark.
func (b *Browser) Look(width int, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.command("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.command("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Open goes to an address and waits until the page is there.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.told = nil
	var page struct{ LoaderID, ErrorText string }
	b.command("Page.navigate", map[string]any{"url": url}, &page)
	if page.ErrorText != "" {
		b.t.Fatalf("%s: %s", url, page.ErrorText)
	}
	if !b.loaded[page.LoaderID] {
		b.until(func(message) bool { return b.loaded[page.LoaderID] })
	}
}

// Follow does something that leads to another page and waits until that is there.
func (b *Browser) Follow(act func()) {
	b.t.Helper()
	before := len(b.loaded)
	act()
	if len(b.loaded) == before {
		b.until(func(message) bool { return len(b.loaded) > before })
	}
}

// Told gives what the console and the browser's own checks said since Open, such as what a content security policy forbade.
func (b *Browser) Told() []string { return b.told }

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

// Ask evaluates a JavaScript expression on the page, and what it promises.
func (b *Browser) Ask(expression string, answer any) {
	b.t.Helper()
	var found struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.command("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &found)
	if found.ExceptionDetails != nil {
		b.t.Fatalf("%.80s: %s", expression, found.ExceptionDetails)
	}
	if answer != nil {
		if err := json.Unmarshal(found.Result.Value, answer); err != nil {
			b.t.Fatal(fmt.Errorf("%.80s: %w", expression, err))
		}
	}
}

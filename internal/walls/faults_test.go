package walls

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// faults are the rules that one file of a package breaks, a sentence each.
func (p *plan) faults(pkg, name string, file *ast.File) []string {
	var found []string
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			path = spec.Path.Value
		}
		for _, why := range p.barred(pkg, path) {
			found = append(found, fmt.Sprintf("%s imports %s: %s", name, path, why))
		}
		if path == "time" {
			found = append(found, p.clockFaults(pkg, name, file, spec)...)
		}
	}
	return found
}

// barred says why pkg may not import path, if it may not.
func (p *plan) barred(pkg, path string) []string {
	var why []string
	if other, ours := strings.CutPrefix(path, module+"/"); ours {
		allowed := p.rows[pkg]
		switch {
		case slices.Contains(allowed, all), slices.Contains(allowed, other):
		case len(allowed) == 0:
			why = append(why, pkg+" may import nothing of ours")
		default:
			why = append(why, pkg+" may import only "+strings.Join(allowed, ", "))
		}
	}
	if library := p.library(path); library != "" && !slices.Contains(p.rooms[library], pkg) {
		why = append(why, library+" lives only in "+strings.Join(p.rooms[library], ", "))
	}
	if slices.Contains(p.pure, pkg) && slices.ContainsFunc(impure(), func(root string) bool { return under(path, root) }) {
		why = append(why, pkg+" is pure: no "+strings.Join(impure(), ", no "))
	}
	slices.Sort(why)
	return why
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// clockFaults finds the names of package time that this file may not use. Test
// support is test code.
func (p *plan) clockFaults(pkg, name string, file *ast.File, spec *ast.ImportSpec) []string {
	if name == clockRoom || testSupport(pkg) {
		return nil
	}
	local := "time"
	if spec.Name != nil {
		local = spec.Name.Name
	}
	if local == "." {
		return []string{name + " imports time with a dot: then nobody sees who reads the clock"}
	}
	var found []string
	for node := range ast.Preorder(file) {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if from, ok := selector.X.(*ast.Ident); !ok || from.Name != local {
			continue
		}
		switch named := selector.Sel.Name; {
		case named == "Now":
			found = append(found, name+" names time.Now: only "+clockRoom+" may; take now as a parameter")
		case slices.Contains(p.pure, pkg) && slices.Contains(clocks(), named):
			found = append(found, name+" names time."+named+": "+pkg+" is pure; take now as a parameter")
		}
	}
	return found
}

// aPlan is a document to test the rules with.
const aPlan = "| `cmd/vireilla` | commands | all |\n| `workers` | steps | `tasks`, `internal/notice` |\n| `internal/calendar` | days. Pure | – |\n" +
	"| `internal/caseload` | types. Pure | `internal/calendar` |\n| `internal/notice` | letters. Pure | `internal/calendar` |\n| `internal/policy` | rules. Pure | – |\n" +
	"| `internal/store` | SQL | `internal/notice` |\n| `internal/web` | pages | – |\n| `internal/test/smtptest` | tests | – |\n" +
	"| `database/sql` | `internal/store` |\n" +
	"| github.com/hibiken/asynq | queue | `tasks`, `workers` | MIT |\n| github.com/hibiken/asynqmon | monitor | `internal/queue` | MIT |\n" +
	"| github.com/robfig/cron/v3 | cron | `internal/timetable` | MIT |\n"

func TestABrokenRuleIsNamed(t *testing.T) {
	p := planOf(aPlan)
	for _, c := range []struct{ name, code, want string }{
		{"workers/scan.go", `import "vireilla/internal/store"`,
			"workers/scan.go imports vireilla/internal/store: workers may import only tasks, internal/notice"},
		{"workers/scan.go", `import "vireilla/internal/notice"`, ""},
		{"internal/calendar/day.go", `import "vireilla/internal/caseload"`,
			"internal/calendar/day.go imports vireilla/internal/caseload: internal/calendar may import nothing of ours"},
		{"internal/caseload/seeker.go", `import "vireilla/internal/calendar"`, ""},
		{"internal/store/add.go", `import "vireilla/internal/store/storetest"`,
			"internal/store/add.go imports vireilla/internal/store/storetest: internal/store may import only internal/notice"},
		{"cmd/vireilla/serve.go", `import "vireilla/internal/web"`, ""},
		{"internal/web/queue.go", `import "github.com/hibiken/asynq"`,
			"internal/web/queue.go imports github.com/hibiken/asynq: github.com/hibiken/asynq lives only in tasks, workers"},
		{"internal/web/queue.go", `import "github.com/hibiken/asynqmon"`,
			"internal/web/queue.go imports github.com/hibiken/asynqmon: github.com/hibiken/asynqmon lives only in internal/queue"},
		{"internal/policy/rows.go", `import "github.com/robfig/cron/v3"`,
			"internal/policy/rows.go imports github.com/robfig/cron/v3: github.com/robfig/cron/v3 lives only in internal/timetable"},
		{"cmd/vireilla/migrate.go", `import "database/sql"`,
			"cmd/vireilla/migrate.go imports database/sql: database/sql lives only in internal/store"},
		{"internal/notice/key.go", `import "log/slog"`,
			"internal/notice/key.go imports log/slog: internal/notice is pure: no net, no database, no log, no os"},
		{"internal/policy/file.go", `import _ "embed"`, ""},
		{"internal/policy/file.go", `import "os"`, "internal/policy/file.go imports os: internal/policy is pure: no net, no database, no log, no os"},
		{"workers/sweep.go", `import "time"; var now = time.Now`,
			"workers/sweep.go names time.Now: only cmd/vireilla/wire.go may; take now as a parameter"},
		{"workers/sweep.go", `import clock "time"; func f() { _ = clock.Now().UTC() }`,
			"workers/sweep.go names time.Now: only cmd/vireilla/wire.go may; take now as a parameter"},
		{"workers/sweep.go", `import . "time"`, "workers/sweep.go imports time with a dot: then nobody sees who reads the clock"},
		{"workers/sweep.go", `import "time"; func f(t time.Time) { _ = time.NewTimer(time.Until(t)) }`, ""},
		{"internal/notice/state.go", `import "time"; func f(t time.Time) bool { return time.Until(t) > 0 }`,
			"internal/notice/state.go names time.Until: internal/notice is pure; take now as a parameter"},
		{"internal/notice/state.go", `import "time"; func f(t, now time.Time) bool { return t.After(now) }`, ""},
		{"cmd/vireilla/wire.go", `import "time"; var now = time.Now`, ""},
		{"internal/test/smtptest/smtptest.go", `import "time"; var now = time.Now`, ""},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), c.name, "package x; "+c.code, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		pkg := c.name[:strings.LastIndex(c.name, "/")]
		if got := strings.Join(p.faults(pkg, c.name, file), "\n"); got != c.want {
			t.Errorf("%s with %s:\n got %q\nwant %q", c.name, c.code, got, c.want)
		}
	}
}

// testSupport tells whether a package is there for tests alone.
func testSupport(pkg string) bool {
	return under(pkg, "internal/test") || pkg == "internal/store/storetest"
}

// Command vireilla watches the caseload of municipal employment services: it finds what is due, and writes to coaches and job seekers about it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // the town's zone, also where the machine has none

	"vireilla/internal/queue"

	"github.com/alecthomas/kong"
	"go.opentelemetry.io/otel"
)

// commands is the table of commands, in the order of the help.
type commands struct {
	Data     string `help:"Folder of the database and what else lies on disk." default:"./data" env:"VIREILLA_DATA" type:"path"`
	Policy   string `help:"Policy file instead of the embedded one." type:"path" placeholder:"FILE"`
	LogLevel string `help:"debug, info, warn or error; without it serve tells info, every other command warn." default:"" enum:",debug,info,warn,error" placeholder:"LEVEL"`

	Demo      demoCmd      `cmd:"" help:"The whole program in one process with nothing installed, on a made-up caseload."`
	Serve     serveCmd     `cmd:"" help:"Timetable, workers and web pages."`
	Run       runCmd       `cmd:"" help:"One day's timetable to its end, then exit."`
	Import    importCmd    `cmd:"" help:"Read a folder of CSV files into the database."`
	Sample    sampleCmd    `cmd:"" help:"Write a made-up feed."`
	Agenda    agendaCmd    `cmd:"" help:"Every obligation open on a day, with its stage."`
	Plan      planCmd      `cmd:"" help:"What would be sent at a moment and what not, and why. Writes nothing."`
	Explain   explainCmd   `cmd:"" help:"For one person and day: every rule, step by step, and what was told."`
	Outbox    outboxCmd    `cmd:"" help:"The letters and their states."`
	Journal   journalCmd   `cmd:"" help:"After a restore: what went out and the database does not know."`
	Forget    forgetCmd    `cmd:"" help:"Erase a job seeker at once."`
	Timetable timetableCmd `cmd:"" help:"The next runs of every entry, in local time."`
	Preview   previewCmd   `cmd:"" help:"A letter from its sample."`
	Templates templatesCmd `cmd:"" help:"The letters' templates."`
	Rules     policyCmd    `cmd:"" name:"policy" help:"The policy: rules in force, or what is wrong with a file."`
	Config    configCmd    `cmd:"" help:"The configuration in force, and where each value came from."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database's schema up to date."`
	Health    healthCmd    `cmd:"" help:"Ask the serve of this machine whether it answers, at METRICS_LISTEN or else LISTEN."`
	Version   versionCmd   `cmd:"" help:"Version, commit, Go and modules."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	queue.Silence()
	silence(otel.SetLogger)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit codes: 0 done, 1 failed, 2 used wrongly.
const (
	done = iota
	failed
	usedWrongly
)

// errSilent is a failure that was told already.
var errSilent = errors.New("failed")

// usageError is a use that the grammar of the commands cannot know to be wrong.
type usageError struct{ error }

type exit int

// asked understands `vireilla help COMMAND` and `vireilla --version` too.
func withHelp(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	}
	return args
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() { // kong ends --help by a call of Exit
		if r := recover(); r != nil {
			e, ok := r.(exit)
			if !ok {
				panic(r)
			}
			code = int(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("vireilla"), kong.Description("Watches the caseload and writes to coaches and job seekers about what is due."),
		kong.Writers(stdout, stderr), kong.Exit(func(n int) { panic(exit(n)) }), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(stderr, "vireilla:", err)
		return usedWrongly
	}
	parsed, err := parser.Parse(withHelp(args))
	var unfinished *kong.ParseError
	switch {
	case errors.As(err, &unfinished) && strings.HasPrefix(err.Error(), "expected one of "):
		parser.Stdout = stderr
		_ = unfinished.Context.PrintUsage(false)
		return usedWrongly
	case err != nil:
		fmt.Fprintf(stderr, "vireilla: %s\nvireilla --help tells the commands, vireilla COMMAND --help one of them.\n", inPlainWords(err.Error()))
		return usedWrongly
	}
	env := &environment{ctx: ctx, out: stdout, err: stderr, commands: &c, named: map[string]bool{}}
	for _, step := range parsed.Path {
		if step.Flag != nil {
			env.named[step.Flag.Name] = true
		}
	}
	err = parsed.Run(env)
	var wrong usageError
	switch {
	case err == nil:
		return done
	case errors.As(err, &wrong):
		fmt.Fprintln(stderr, "vireilla:", err)
		return usedWrongly
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "vireilla: stopped before it was done")
	case !errors.Is(err, errSilent):
		fmt.Fprintln(stderr, "vireilla:", err)
	}
	return failed
}

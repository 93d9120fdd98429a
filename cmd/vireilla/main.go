// Command vireilla watches the caseload of municipal employment services. It finds what is due, and writes to coaches
// and job seekers about it.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // for machines without a time zone database

	"vireilla/internal/queue"
	"vireilla/templates"

	"github.com/alecthomas/kong"
	"go.opentelemetry.io/otel"
)

// commands are the options and commands in the order of the help.
type commands struct {
	Data     string `help:"Folder of the database and all other files ($VIREILLA_DATA)." default:"${data}" type:"path"`
	Policy   string `help:"Use this policy file instead of the embedded one." type:"path" placeholder:"FILE"`
	LogLevel string `help:"Log debug, info, warn or error and above; by default serve logs info, other commands warn." default:"" enum:",debug,info,warn,error" placeholder:"LEVEL"`

	Demo      demoCmd      `cmd:"" help:"Run the whole program in one process, with nothing installed, on a made-up caseload."`
	Serve     serveCmd     `cmd:"" help:"Run the timetable, the workers and the web pages."`
	Run       runCmd       `cmd:"" help:"Run one day's timetable to its end, then exit."`
	Import    importCmd    `cmd:"" help:"Read a folder of CSV files into the database."`
	Sample    sampleCmd    `cmd:"" help:"Write a made-up feed into a folder."`
	Agenda    agendaCmd    `cmd:"" help:"List every obligation open on a day, with its stage."`
	Plan      planCmd      `cmd:"" help:"Show what would be sent at a moment, what would not, and why; nothing is written."`
	Explain   explainCmd   `cmd:"" help:"Explain every rule for one person on a day, step by step, and what was told to whom."`
	Outbox    outboxCmd    `cmd:"" help:"List letters and change their states."`
	Journal   journalCmd   `cmd:"" help:"After a restore, show which letters went out that the database does not know."`
	Forget    forgetCmd    `cmd:"" help:"Erase a job seeker at once."`
	Timetable timetableCmd `cmd:"" help:"List the next runs of every timetable entry, in local time."`
	Preview   previewCmd   `cmd:"" help:"Render a letter with sample data."`
	Templates templatesCmd `cmd:"" help:"Check the templates of the letters."`
	Rules     policyCmd    `cmd:"" name:"policy" help:"Show the policy in force, or check a policy file."`
	Config    configCmd    `cmd:"" help:"Show the configuration in force, and where each value came from."`
	Migrate   migrateCmd   `cmd:"" help:"Bring the database's schema up to date."`
	Health    healthCmd    `cmd:"" help:"Ask the serve of this machine, at METRICS_LISTEN or else LISTEN, whether it is well."`
	Version   versionCmd   `cmd:"" help:"Show the version, the commit, Go and the modules."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	queue.Silence()
	silence(otel.SetLogger)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// Exit codes: 0 done, 1 failed, 2 used wrongly.
const (
	done = iota
	failed
	usedWrongly
)

// errSilent is a failure whose message is printed already.
var errSilent = errors.New("failed")

// usageError is a wrong use that the command itself found, not the parser.
type usageError struct{ error }

// exit is the exit code that kong ends with, carried by a panic.
type exit int

// withHelp turns `vireilla help COMMAND` and `vireilla --version` into commands that the parser knows.
func withHelp(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	}
	return args
}

// run is the whole program. It ends when its command is done or ctx is, and gives the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (code int) {
	defer func() { // kong calls Exit after --help
		if r := recover(); r != nil {
			e, ok := r.(exit)
			if !ok {
				panic(r)
			}
			code = int(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("vireilla"),
		kong.Description("Watches the caseload and writes to coaches and job seekers about what is due."),
		kong.Vars{
			"data":    cmp.Or(getenv("VIREILLA_DATA"), "./data"),
			"states":  strings.Join(states(), ","),
			"letters": strings.Join(templates.Letters(), ","),
		},
		kong.Writers(stdout, stderr), kong.Exit(func(n int) { panic(exit(n)) }),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(stderr, "vireilla:", err)
		return usedWrongly
	}
	parsed, err := parser.Parse(withHelp(args))
	var incomplete *kong.ParseError
	switch {
	case errors.As(err, &incomplete) && strings.HasPrefix(err.Error(), "expected one of "):
		parser.Stdout = stderr
		_ = incomplete.Context.PrintUsage(false)
		return usedWrongly
	case err != nil:
		fmt.Fprintf(stderr, "vireilla: %s\nvireilla --help lists the commands, vireilla COMMAND --help explains one of them.\n",
			explainUsage(err.Error()))
		return usedWrongly
	}
	env := &environment{ctx: ctx, getenv: getenv, out: stdout, err: stderr, commands: &c, named: map[string]bool{}}
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

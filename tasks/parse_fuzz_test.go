package tasks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"

	"vireilla/tasks"
)

// FuzzParse holds: whatever lies in Redis, it is read as a task of ours, which reads the same when it is put again, or
// refused without a word of it.
func FuzzParse(f *testing.F) {
	f.Add(tasks.Deliver, "1 2 3")
	f.Add(tasks.Deliver, "")
	f.Add(tasks.Deliver, "0 -1 +7 9223372036854775808 kanaria@example.org")
	f.Add(tasks.Deliver, strings.Repeat("1 ", tasks.Batch+1))
	f.Add("tick:digests", `{"entry":"digests","at":"2024-03-05T07:30:00Z"}`)
	f.Add("tick:digests", `{"entry":"digests","at":"kanaria"}`)
	f.Add("tick:digests", `{"entry":"leads","at":"2024-03-05T07:30:00Z"}`)
	f.Add("tick:kanaria@example.org", `{"entry":"kanaria@example.org","at":"0001-01-01T00:00:00Z"}`)
	f.Add("tick:\x00", `{"entry":"\u0000","at":"9999-12-31T23:59:59.999999999+23:59"}`)
	f.Add("tick:x", strings.Repeat(`{"entry":`, 1000))
	f.Fuzz(func(t *testing.T, kind, payload string) {
		task := asynq.NewTask(kind, []byte(payload))
		ids, err := tasks.ParseDeliver(task)
		wordless(t, err, kind, payload)
		if err == nil {
			if len(ids) > tasks.Batch || len(ids) > 0 && slices.Min(ids) < 1 {
				t.Fatalf("letters %v", ids)
			}
			again, _ := tasks.NewDeliver("q", ids)
			if got, err := tasks.ParseDeliver(again); err != nil || !slices.Equal(got, ids) {
				t.Fatalf("%v read again is %v, %v", ids, got, err)
			}
		}
		tick, err := tasks.ParseTick(task)
		wordless(t, err, kind, payload)
		if err == nil {
			if tick.At.IsZero() || "tick:"+tick.Entry != kind {
				t.Fatalf("%q is the tick %+v", kind, tick)
			}
			again, _, err := tasks.NewTick("q", tick)
			if err != nil {
				t.Fatalf("%+v cannot be put again: %v", tick, err)
			}
			if got, err := tasks.ParseTick(again); err != nil || !got.At.Equal(tick.At) || got.Entry != tick.Entry {
				t.Fatalf("%+v read again is %+v, %v", tick, got, err)
			}
		}
	})
}

// wordless expects that an error repeats no long word of what was read: it stays in Redis, where the monitor shows it,
// and in the log.
func wordless(t *testing.T, err error, kind, payload string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, word := range strings.FieldsFunc(kind+" "+payload, func(r rune) bool { return strings.ContainsRune(" :\",{}\t\r\n", r) }) {
		const ours = "tick payload is no tick fit its type deliver payload names letters more than word letter's "
		if len(word) > 3 && strings.Contains(err.Error(), word) && !strings.Contains(ours, word) {
			t.Fatalf("the error repeats %q: %v", word, err)
		}
	}
}

package queue

import (
	"testing"
	"time"

	"vireilla/tasks"
)

func TestThePayloadsOfTheQueueMonitorAreIds(t *testing.T) {
	tick, _, err := tasks.NewTick(tasks.Ticks, tasks.Tick{Entry: "digests", At: time.Date(2024, 3, 4, 10, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ kind, text, want string }{
		{tasks.Deliver, "7 8", "7 8"}, {tasks.Deliver, "", ""}, {tasks.Deliver, "kanaria.maija@example.org", ""}, {tasks.Deliver, "7 Maija", ""},
		{tick.Type(), string(tick.Payload()), "digests 2024-03-04T10:00:00Z"}, {"mail", `{"to":"kanaria.maija@example.org"}`, ""}, {tasks.Refresh, "", ""},
	} {
		if got := payload(v.kind, []byte(v.text)); got != v.want {
			t.Errorf("%s %q is shown as %q, want %q", v.kind, v.text, got, v.want)
		}
	}
}

package journal

import (
	"bytes"
	"encoding/json"
	"time"

	"vireilla/internal/notice"
)

// The kinds of line.
const (
	header   = "journal"  // the first line of a file: the journal's id
	begin    = "begin"    // a letter is about to be handed over
	end      = "end"      // the result of a handover
	seen     = "seen"     // the last tick in the database
	accepted = "accepted" // the database was brought up to date
	known    = "known"    // a letter that the accepted database holds
)

// line is one line of the file; times are milliseconds since 1970 UTC.
type line struct {
	At   int64  `json:"at"`
	What string `json:"what"`
	ID   string `json:"id,omitempty"`
	Seen int64  `json:"seen,omitempty"`

	Key   string       `json:"key,omitempty"`
	Fence int64        `json:"fence,omitempty"`
	State notice.State `json:"state,omitempty"` // of an end, as in notice.Handover

	Letter   string `json:"letter,omitempty"`
	Role     string `json:"role,omitempty"`
	To       string `json:"to,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Language string `json:"language,omitempty"`
	Dated    int64  `json:"dated,omitempty"`
	SendAt   int64  `json:"send_at,omitempty"`
	Expires  int64  `json:"expires,omitempty"`
	Start    int64  `json:"start,omitempty"`
	Rest     int    `json:"rest,omitempty"`
	Late     int    `json:"late,omitempty"`
	Items    string `json:"items,omitempty"`
	Told     string `json:"told,omitempty"`
}

func parse(text []byte) (l line, ok bool) {
	return l, json.Unmarshal(bytes.TrimSpace(text), &l) == nil && l.What != ""
}

func begun(c *notice.Claimed) (line, error) {
	l := line{What: begin, Key: c.Key, Fence: c.Fence, Letter: c.Letter, Role: c.Role, To: c.To, Subject: c.Subject,
		Language: c.Language,
		Dated:    millis(c.Dated), SendAt: millis(c.SendAt), Expires: millis(c.Expires), Start: millis(c.Start), Rest: c.Rest, Late: c.Late}
	var err error
	if l.Items, err = notice.EncodeItems(c.Items); err == nil {
		l.Told, err = notice.EncodeItems(c.Notice.Told)
	}
	return l, err
}

func ended(r *notice.Report) line {
	l := line{What: end, Key: r.Key, Fence: r.Fence, State: notice.Deferred}
	switch {
	case r.State == notice.Sent:
		l.State = notice.Sent
	case r.Ambiguous:
		l.State = notice.Unsure
	}
	return l
}

// notice gives the letter that a begin line holds.
func (l *line) notice() (n notice.Notice, err error) {
	n = notice.Notice{Key: l.Key, Letter: l.Letter, Role: l.Role, To: l.To, Subject: l.Subject, Language: l.Language,
		SendAt: instant(l.SendAt), Expires: instant(l.Expires), Start: instant(l.Start), Rest: l.Rest, Late: l.Late}
	if n.Items, err = notice.DecodeItems(l.Items); err == nil {
		n.Told, err = notice.DecodeItems(l.Told)
	}
	return n, err
}

// tail is the content of the last lines.
type tail struct {
	handovers []notice.HandoverID
	lastTick  time.Time
}

func (t *tail) read(l line) {
	switch l.What {
	case begin, end, known:
		if len(t.handovers) == 2*tailHandovers {
			t.handovers = append(t.handovers[:0], t.handovers[tailHandovers:]...)
		}
		t.handovers = append(t.handovers, notice.HandoverID{Key: l.Key, Fence: l.Fence})
	case seen:
		t.lastTick = instant(l.Seen)
	case accepted:
		*t = tail{}
	}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

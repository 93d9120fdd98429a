package notice

import (
	"encoding/json"
	"time"

	"vireilla/internal/calendar"
	"vireilla/internal/policy"
)

// line is an item as stored with its letter: ids and days.
type line struct {
	Seeker  string       `json:"s"`
	Rule    string       `json:"r"`
	Subject string       `json:"u,omitempty"`
	Stage   policy.Stage `json:"t"`
	New     bool         `json:"n,omitempty"`
	Overdue int          `json:"o,omitempty"`
	Anchor  calendar.Day `json:"a"`
	Due     calendar.Day `json:"d"`
	Coach   string       `json:"c"`
	At      int64        `json:"m,omitempty"`
	Why     string       `json:"w,omitempty"`
}

// EncodeItems gives the items of a letter as JSON for storage; "" for none.
func EncodeItems(items []Item) (string, error) {
	if len(items) == 0 {
		return "", nil
	}
	out := make([]line, len(items))
	for i, n := range items {
		out[i] = line{n.Seeker, n.Rule, n.Subject, n.Stage, n.New, n.DaysOverdue, n.Anchor, n.Due, n.Coach, 0, n.Why}
		if !n.At.IsZero() {
			out[i].At = n.At.UnixMilli()
		}
	}
	b, err := json.Marshal(out)
	return string(b), err
}

// DecodeItems reads what EncodeItems wrote.
func DecodeItems(text string) ([]Item, error) {
	if text == "" {
		return nil, nil
	}
	var in []line
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, err
	}
	items := make([]Item, len(in))
	for i, n := range in {
		items[i] = Item{Seeker: n.Seeker, Rule: n.Rule, Subject: n.Subject, Stage: n.Stage, New: n.New,
			DaysOverdue: n.Overdue,
			Anchor:      n.Anchor, Due: n.Due, Coach: n.Coach, Why: n.Why}
		if n.At != 0 {
			items[i].At = time.UnixMilli(n.At).UTC()
		}
	}
	return items, nil
}

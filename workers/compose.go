package workers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vireilla/internal/calendar"
	"vireilla/internal/notice"
	"vireilla/templates"
)

// compose writes a letter from what the recheck found. Message-ID and Date follow from the key and the first try, so
// that a letter sent again is the same letter.
func (d *Deliver) compose(c *notice.Claimed, r *notice.Recheck, items []notice.Item, now time.Time) (Mail, error) {
	sender, err := mail.ParseAddress(d.From)
	if err != nil {
		return Mail{}, fmt.Errorf("the sender in MAIL_FROM is no address")
	}
	day := calendar.DayOf(now, d.Policy.Location)
	language := c.Language
	var data any
	tier := templates.Staff
	switch {
	case c.Letter == notice.CoachDigest:
		data = templates.Digest{Town: r.Authority.Name, Coach: c.To, Day: d.midnight(day), Items: d.items(c, r, items),
			Rest: c.Rest, New: len(c.Notice.Told), Late: c.Late}
	case c.Letter == notice.LeadEscalation:
		data = templates.Escalation{Town: r.Authority.Name, Team: c.To, Day: d.midnight(day), Items: d.items(c, r, items)}
	case c.Letter == notice.MatterUpdate:
		m := r.Matter
		tier, language = templates.Tier(m.Seeker.EmailTier), m.Seeker.Language
		matter := templates.Matter{Town: r.Authority.Name, Switchboard: r.Authority.Switchboard, ServiceURL: r.Authority.ServiceURL,
			FirstName: m.Seeker.FirstName, Kind: "decision"}
		if m.Clarification != nil {
			matter.Kind, matter.Due = "clarification", d.midnight(m.Clarification.Due)
		}
		data = matter
	default:
		b := r.Booking
		tier, language = templates.Tier(b.Seeker.EmailTier), b.Seeker.Language
		data = d.appointment(c, r, sender.Address)
	}
	m, err := d.Letters.Render(c.Letter, language, tier, data)
	if err != nil {
		return Mail{}, err
	}
	return Mail{From: d.From, To: r.Address, Subject: m.Subject, Text: m.Text, HTML: m.HTML, Language: m.Language, MessageID: MessageID(c.Key, sender.Address),
		Date: c.Dated.In(d.Policy.Location), Calendar: m.Calendar, Method: m.Method}, nil
}

func (d *Deliver) appointment(c *notice.Claimed, r *notice.Recheck, organizer string) templates.Appointment {
	b := r.Booking
	a := templates.Appointment{
		Town: r.Authority.Name, Switchboard: r.Authority.Switchboard, ServiceURL: r.Authority.ServiceURL,
		Start: c.Start.In(d.Policy.Location), FirstName: b.Seeker.FirstName, CoachFirstName: firstWord(r.Staff.Coaches[b.CoachID].Name),
		Kind: b.Kind, Mode: b.Mode, Place: b.Place, Minutes: b.Minutes, ID: b.ID, Stamp: c.Dated, Organizer: organizer, Attendee: b.Seeker.Email,
	}
	if v := c.Telling(r, c.Dated); v != nil {
		a.Sequence = v.Sequence
		if !v.Was.IsZero() {
			a.OldStart = v.Was.In(d.Policy.Location)
		}
	}
	return a
}

func (d *Deliver) items(c *notice.Claimed, r *notice.Recheck, items []notice.Item) []templates.Item {
	out := make([]templates.Item, len(items))
	for i, n := range items {
		t := templates.Item{Seeker: n.Seeker, Rule: n.Rule, Subject: n.Subject, Stage: n.Stage.String(), New: n.New, DaysOverdue: n.DaysOverdue, Why: n.Why}
		if s := r.Seekers[n.Seeker]; !s.Protected {
			t.Initials = initial(s.FirstName)
		}
		if n.At.IsZero() {
			t.Due = d.midnight(n.Due)
		} else {
			t.At, t.Stage = n.At.In(d.Policy.Location), ""
		}
		switch {
		case c.Letter == notice.LeadEscalation:
			t.Owner = n.Coach
		case n.Coach != c.To:
			t.For = n.Coach
		}
		out[i] = t
	}
	return out
}

func (d *Deliver) midnight(day calendar.Day) time.Time { return day.At(0, 0, d.Policy.Location) }

// MessageID is a hash of the key: the key itself holds ids, which no mail server needs to know.
func MessageID(key, sender string) string {
	sum := sha256.Sum256([]byte(key))
	_, domain, _ := strings.Cut(sender, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

func initial(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + "."
}

func firstWord(name string) string {
	word, _, _ := strings.Cut(name, " ")
	return word
}

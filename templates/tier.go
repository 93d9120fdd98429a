package templates

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// Tier is how much a letter may say to its reader.
type Tier string

// Each tier of seekers may say what the one before may, and more.
const (
	Neutral   Tier = "neutral"   // a seeker with an address: that there is something, and when
	Consented Tier = "consented" // a seeker who agreed to be written to about it
	Secure    Tier = "secure"    // a seeker on a protected mail route
	Staff     Tier = "staff"     // coaches and leads
)

// may reports whether a reader of tier t may see a field tagged with tag.
func (t Tier) may(tag string) bool {
	switch Tier(tag) {
	case Neutral:
		return t == Neutral || t == Consented || t == Secure
	case Consented:
		return t == Consented || t == Secure
	case Secure, Staff:
		return t == Tier(tag)
	}
	return false
}

// field is a field of a letter's data. Load looks it up once, because that takes longer than to render the letter.
type field struct {
	name, tier string
	words      bool    // its text was written by other people
	names      bool    // it is a name by language
	items      []field // of a list, what each item is made of
}

// fieldsOf returns the fields of a struct in their order.
func fieldsOf(t reflect.Type) []field {
	fields := make([]field, t.NumField())
	for i := range fields {
		f := t.Field(i)
		fields[i] = field{name: f.Name, tier: f.Tag.Get("tier")}
		switch f.Type.Kind() {
		case reflect.Map:
			fields[i].names = true
		case reflect.String:
			fields[i].words = f.Name != "ServiceURL"
		case reflect.Slice:
			fields[i].words, fields[i].items = true, fieldsOf(f.Type.Elem())
		}
	}
	return fields
}

// facts returns what a template of tier t sees of data in a language: the allowed fields by name, with their text made
// harmless. A template cannot reach anything else.
func facts(t Tier, fields []field, language string, data any) map[string]any {
	seen := make(map[string]any, len(fields)+2)
	seen["Consented"] = t == Consented || t == Secure
	seen["Secure"] = t == Secure
	v := reflect.ValueOf(data)
	for i := range fields {
		switch f := &fields[i]; {
		case !t.may(f.tier):
		case f.names:
			seen[f.name] = unlink(clean(v.Field(i).Interface().(Names).in(language)))
		default:
			seen[f.name] = f.harmless(v.Field(i))
		}
	}
	return seen
}

// take checks the type of data for a letter of this kind and sets the counts.
func (k kind) take(data any) (any, error) {
	if reflect.TypeOf(data) != reflect.TypeOf(k.data) {
		return nil, fmt.Errorf("data is a %T, not a %T", data, k.data)
	}
	switch d := data.(type) {
	case Digest:
		fresh, late := count(d.Items)
		if d.New == 0 && d.Late == 0 {
			d.New, d.Late = fresh, late
		}
		d.RestNew = min(max(0, d.New-fresh), d.Rest)
		return d, nil
	case Escalation:
		d.Total = len(d.Items)
		return d, nil
	case Appointment:
		// Finland is never at UTC. A time at UTC was not converted, and the letter would give a wrong hour.
		if atUTC(d.Start) || (!d.OldStart.IsZero() && atUTC(d.OldStart)) {
			return nil, errors.New("field Start or OldStart is not in the town's zone")
		}
		return d, checkService(d.ServiceURL)
	case Matter:
		return d, checkService(d.ServiceURL)
	}
	return data, nil
}

func atUTC(t time.Time) bool {
	_, offset := t.Zone()
	return offset == 0
}

func checkService(address string) error {
	u, err := url.Parse(address)
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' || r == '"' }
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsFunc(address, odd) {
		return errors.New("field ServiceURL is not an https address")
	}
	return nil
}

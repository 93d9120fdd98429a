package workers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"vireilla/internal/caseload"
	"vireilla/internal/mailer"
	"vireilla/internal/notice"
	"vireilla/internal/test/leaks"
	"vireilla/internal/test/markers"
)

// What passes through the hands of the steps holds people: whoever logs it whole, or puts it into an error, tells ids.
func TestWhatHoldsPeoplePrintsIDs(t *testing.T) {
	address, name := markers.Address("s-1"), markers.Name("Aino")
	seeker := caseload.Seeker{ID: "S-1", FirstName: name, Email: address}
	booking := notice.Booking{Appointment: caseload.Appointment{ID: "A-1"}, Seeker: seeker}
	staff := &notice.Staff{Coaches: map[string]caseload.Coach{"C-1": {ID: "C-1", Name: name, Email: address}}, Teams: map[string]caseload.Team{"T-1": {LeadEmail: address}}}
	mail := Mail{To: address, Subject: name, Text: name, HTML: name, Calendar: []byte(name), MessageID: "id@lahti.example"}
	recheck := notice.Recheck{Address: address, Booking: &booking, Staff: staff, Seekers: map[string]caseload.Seeker{"S-1": seeker}}
	for _, v := range []any{
		booking, staff, *staff, mail, &mail, mailer.Letter(mail), recheck, &recheck, notice.Recheck{Address: address}, notice.Matter{Seeker: seeker},
		notice.Report{Suppress: address}, []notice.Report{{Suppress: address}}, caseload.Case{Seeker: seeker},
	} {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		asJSON, err := json.Marshal(v)
		leaks.Nobody(t, fmt.Sprintf("a %T", v), fmt.Sprintf("%v %+v %#v %s %q %x %v", v, v, v, v, v, v, err)+string(asJSON)+log.String())
	}
}

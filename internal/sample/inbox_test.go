package sample

import (
	"fmt"
	"io"
	"net"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"
)

// invitation is a letter as the program sends it, with the dates and the boundaries written by hand.
const invitation = `Date: Mon, 04 Mar 2024 07:30:00 +0200
Message-ID: <n-812@lahti.example.org>
From: =?UTF-8?q?Lahden_ty=C3=B6llisyyspalvelut?= <no-reply@lahti.example.org>
To: <kanaria.maija@example.org>
Subject:
 =?UTF-8?q?Sinulle_on_varattu_aika_ma_11.3.2024_klo_9.00_=E2=80=93_Lahti?=
Content-Language: fi
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

Hei!
.
T=C3=A4m=C3=A4 on viesti.
--inner
Content-Type: text/html; charset=UTF-8
Content-Transfer-Encoding: quoted-printable

<p lang=3D"fi">Hei!</p>
--inner
Content-Type: text/calendar; method=REQUEST; charset=UTF-8

BEGIN:VCALENDAR
END:VCALENDAR
--inner--
--outer
Content-Type: application/ics; name=invite.ics
Content-Disposition: attachment; filename=invite.ics
Content-Transfer-Encoding: base64

QkVHSU46VkNBTEVOREFSDQo=
--outer--
`

func open(t *testing.T) *Inbox {
	t.Helper()
	in, err := OpenInbox()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func send(t *testing.T, in *Inbox, to, letter string) {
	t.Helper()
	address := strings.TrimPrefix(in.URL(), "smtp+plain://")
	if err := smtp.SendMail(address, nil, "bounce@lahti.example.org", []string{to}, []byte(strings.ReplaceAll(letter, "\n", "\r\n"))); err != nil {
		t.Error(err)
	}
}

func TestALetterIsReadAsItWasWritten(t *testing.T) {
	in := open(t)
	send(t, in, "kanaria.maija@example.org", invitation)
	l, ok := in.Letter(1)
	if !ok {
		t.Fatal("no letter")
	}
	for _, c := range []struct{ what, got, want string }{
		{"to", l.To, "kanaria.maija@example.org"},
		{"from", l.From, "Lahden työllisyyspalvelut <no-reply@lahti.example.org>"},
		{"subject", l.Subject, "Sinulle on varattu aika ma 11.3.2024 klo 9.00 – Lahti"},
		{"language", l.Language, "fi"},
		{"message id", l.MessageID, "n-812@lahti.example.org"},
		{"text", l.Text, "Hei!\r\n.\r\nTämä on viesti."},
		{"html", l.HTML, `<p lang="fi">Hei!</p>`},
		{"calendar", string(l.Calendar), "BEGIN:VCALENDAR\r\nEND:VCALENDAR"},
		{"date", l.Date.UTC().Format(time.RFC3339), "2024-03-04T05:30:00Z"},
		{"a header", fmt.Sprint(l.Headers[6]), "[Auto-Submitted auto-generated]"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	if len(l.Headers) != 9 {
		t.Errorf("%d headers, want 9: %v", len(l.Headers), l.Headers)
	}
	if list := in.Letters(); len(list) != 1 || list[0].Subject != l.Subject || list[0].Text != "" {
		t.Errorf("the list should have the headers only: %+v", list)
	}
}

func TestALetterThatComesTwiceIsAcceptedTwiceAndDistinctOnce(t *testing.T) {
	in := open(t)
	send(t, in, "a@example.org", "Message-ID: <one@x>\nSubject: first\n\nHei\n")
	send(t, in, "b@example.org", "Message-ID: <two@x>\nSubject: second\n\nHei\n")
	send(t, in, "a@example.org", "Message-ID: <one@x>\nSubject: first\n\nHei\n")
	if in.Accepted() != 3 || in.Distinct() != 2 {
		t.Errorf("accepted %d, distinct %d; want 3 and 2", in.Accepted(), in.Distinct())
	}
	list := in.Letters()
	if list[0].Number != 3 || list[1].To != "b@example.org" || list[2].Number != 1 {
		t.Errorf("not the newest first: %+v", list)
	}
	for _, n := range []int{-1, 0, 4} {
		if _, ok := in.Letter(n); ok {
			t.Errorf("there is a letter %d", n)
		}
	}
}

func TestBrokenLettersAreTakenToo(t *testing.T) {
	in := open(t)
	broken := []string{
		"no header at all",
		"Subject: cut off\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nthere",
		"Subject: strange\nContent-Type: text/plain; charset=klingon\n\nHei\n",
		"Subject: odd\nContent-Transfer-Encoding: rot13\n\nHei\n",
		"Subject: =?UTF-8?q?=?=\n\n",
	}
	for _, text := range broken {
		send(t, in, "a@example.org", text)
	}
	for n := range len(broken) {
		if l, ok := in.Letter(n + 1); !ok || l.To != "a@example.org" || n > 0 && l.Subject == "" {
			t.Errorf("letter %d: %+v, %v", n+1, l, ok)
		}
	}
	if l, _ := in.Letter(2); l.Text != "there" {
		t.Errorf("of the letter that is cut off: %q", l.Text)
	}
}

func TestALetterIsCountedAtTheFinalDot(t *testing.T) {
	in := open(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(in.URL(), "smtp+plain://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nSubject: half\r\n\r\nHei\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn) // until the server has hung up
	conn.Close()
	if in.Accepted() != 0 {
		t.Error("a letter without its final dot was counted")
	}
}

func TestManySendersAtOnce(t *testing.T) {
	in, err := OpenInbox()
	if err != nil {
		t.Fatal(err)
	}
	var senders sync.WaitGroup
	for s := range 4 {
		senders.Go(func() {
			for i := range 25 {
				send(t, in, "a@example.org", fmt.Sprintf("Message-ID: <%d.%d@x>\n\nHei\n", s, i))
				in.Letters()
			}
		})
	}
	senders.Wait()
	if in.Accepted() != 100 || in.Distinct() != 100 {
		t.Errorf("accepted %d, distinct %d; want 100", in.Accepted(), in.Distinct())
	}
	for range 2 {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, ok := in.Letter(100); !ok {
		t.Error("the letters are gone with the server")
	}
}

func BenchmarkAccept(b *testing.B) {
	raw := []byte(strings.ReplaceAll(invitation, "\n", "\r\n"))
	in := &Inbox{distinct: map[string]bool{}}
	for b.Loop() {
		in.keep(readHead("", "a@example.org", raw), raw)
	}
}

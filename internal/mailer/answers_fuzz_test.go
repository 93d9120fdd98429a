package mailer

import (
	"bytes"
	"context"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// babbler is a connection to a relay that sends given bytes, a few at a time, whatever it reads, and then closes.
type babbler struct {
	says     *bytes.Reader
	piece    int
	sinceAsk int // bytes read since the last write
	t        *testing.T
}

func (b *babbler) Read(p []byte) (int, error) {
	n, err := b.says.Read(p[:min(len(p), b.piece)])
	if b.sinceAsk += n; b.sinceAsk > maxAnswer {
		b.t.Fatalf("%d bytes of one answer were read", b.sinceAsk)
	}
	return n, err
}

func (b *babbler) Write(p []byte) (int, error) {
	b.sinceAsk = 0
	return len(p), nil
}

func (b *babbler) Close() error {
	b.says.Reset(nil)
	return nil
}

func (b *babbler) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (b *babbler) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (b *babbler) SetDeadline(time.Time) error      { return nil }
func (b *babbler) SetReadDeadline(time.Time) error  { return nil }
func (b *babbler) SetWriteDeadline(time.Time) error { return nil }

var _ io.ReadWriter = (*babbler)(nil)

// replies reads what a relay says a second time, as RFC 5321 section 4.2 has it: the codes of the whole replies, one
// letter each: G is 220, K is 250, k another 25x, D is 354, n any other, and what is no reply.
func replies(said string) string {
	var codes strings.Builder
	open := ""
	for line := range strings.Lines(said) {
		line, whole := strings.CutSuffix(line, "\n")
		line = strings.TrimSuffix(line, "\r")
		wellFormed := len(line) >= 4 && (line[3] == ' ' || line[3] == '-')
		if n, err := strconv.Atoi(line[:min(3, len(line))]); err != nil || n < 100 {
			wellFormed = false
		}
		switch {
		case !whole:
			return codes.String()
		case open != "" && (!wellFormed || line[:3] != open || line[3] == '-'): // a line of a longer reply
			continue
		case !wellFormed:
			codes.WriteByte('n') // no answer to EHLO: then HELO is said
			continue
		case line[3] == '-':
			open = line[:3]
			continue
		}
		open = ""
		switch code := line[:3]; {
		case code == "220":
			codes.WriteByte('G')
		case code == "250":
			codes.WriteByte('K')
		case code[:2] == "25":
			codes.WriteByte('k')
		case code == "354":
			codes.WriteByte('D')
		default:
			codes.WriteByte('n')
		}
	}
	return codes.String()
}

// FuzzAnswers holds: whatever the bytes of a relay, a letter is sent only with a 250 to its dot, which follows a yes to
// all that was said before; it fails for good only with a reply; and no word of the relay is in the outcome.
func FuzzAnswers(f *testing.F) {
	const hello = "220 relay\r\n250-relay\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
	const well = "250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go\r\n250 2.0.0 taken\r\n"
	for _, seed := range []string{
		hello + well, hello + well + well, hello + well + "421 4.3.2 closing\r\n", "220 x\r\n502 no\r\n250 x\r\n" + well, hello + "250 ok\r\n550 5.1.1 <kanaria@example.org> unknown\r\n",
		hello + "250 ok\r\n250 ok\r\n354 go\r\n250", hello + "250 ok\r\n250 ok\r\n354 go\r\n250-x\r\n25", hello + "250 ok\r\n251 ok\r\n354 go\r\n554 5.7.1 spam\r\n", "220", "",
		hello + "250 ok\r\n250 ok\r\n354 go\r\n451 4.3.0 later\r\n", hello + "250 ok\r\n250 ok\r\n354 go\r\n999 \r\n", hello + "250 ok\r\n250 ok\r\n354 go\r\n-50 x\r\n",
		"220 " + strings.Repeat("a", 1<<17) + "\r\n", "220-x\r\n" + strings.Repeat("220-\n", 1<<15), "\x00\xff\x16\x03 HTTP/1.1 200 OK\r\n",
	} {
		f.Add(seed, 1)
		f.Add(seed, 1<<16)
	}
	m, err := compose(letter(1), &bytes.Buffer{})
	if err != nil {
		f.Fatal(err)
	}
	status := regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})?$`)
	reasons := []string{ReasonRejected, ReasonBusy, ReasonRelay, ReasonTLS, ReasonLost, ReasonTimeout, ReasonGarbled, ""}
	minute := Limits{Greeting: time.Minute, Command: time.Minute, Data: time.Minute, Block: time.Minute, Dot: time.Minute}
	f.Fuzz(func(t *testing.T, says string, piece int) {
		if piece < 1 {
			return
		}
		conn := newConnection(&babbler{says: bytes.NewReader([]byte(says)), piece: piece, t: t}, minute)
		defer conn.close()
		if err := conn.open(Config{Host: "localhost", Hello: "worker.example", Security: Plain}, nil); err != nil {
			if o := conn.outcome(err); o.Result != Deferred {
				t.Fatalf("before the letter: %s", said(o))
			}
			return
		}
		expected := `^G(K|.K)`
		for range 3 {
			o := conn.send(context.Background(), m)
			if !status.MatchString(o.Enhanced) || !strings.Contains(" "+strings.Join(reasons, " ")+" ", " "+o.Reason+" ") {
				t.Fatalf("the outcome repeats the relay: %+v", o)
			}
			if o.Result == Failed && (o.Code < 500 || o.Code > 599) || o.Result == Unsure && o.Phase != PhaseDot {
				t.Fatalf("%s", said(o))
			}
			if o.Result != Sent {
				return
			}
			expected += `K[Kk]DK`
			if got := replies(says); !regexp.MustCompile(expected).MatchString(got) {
				t.Fatalf("sent, but the replies are %s, of %q", got, says)
			}
			if !conn.reusable() {
				return
			}
		}
	})
}

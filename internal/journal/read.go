package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"vireilla/internal/notice"
)

// Letters gives what the journal of a data folder knows of each letter in the order of their last claims, and how many lines could not be read: one may have been cut by a
// crash; more are damage. A folder without a journal knows of none.
func Letters(folder string) (letters []notice.Handover, damaged int, err error) {
	known := story{told: map[string]*told{}}
	path := folder + string(os.PathSeparator) + Name
	for _, p := range []string{path + ".1", path} {
		if err := known.readFile(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, 0, fmt.Errorf("send journal: %w", err)
		}
	}
	return known.letters(), known.damaged, nil
}

// story is what the lines tell, by the letters' keys.
type story struct {
	told    map[string]*told
	n       int
	damaged int
}

// told is what is known of a letter.
type told struct {
	notice.Handover
	order  int
	open   bool         // the last claim has no end
	worst  notice.State // of the claims before, and of the last when it has one
	unsure int          // of them
}

func (s *story) readFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for lines := bufio.NewReaderSize(file, 1<<16); ; {
		text, err := lines.ReadString('\n')
		if strings.TrimSpace(text) != "" {
			if l, ok := parse([]byte(text)); !ok || s.read(&l) != nil {
				s.damaged++
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *story) read(l *line) error {
	switch l.What {
	case begin:
		n, err := l.notice()
		if err != nil {
			return err
		}
		t := s.told[l.Key]
		if t == nil {
			t = &told{worst: notice.Deferred}
			s.told[l.Key] = t
		}
		if t.open { // whoever claimed it before died
			t.end(notice.Unsure)
		}
		s.n++
		t.Handover, t.open, t.order = notice.Handover{Notice: n, Fence: l.Fence, At: instant(l.At), Dated: instant(l.Dated)}, true, s.n
	case end:
		if t := s.told[l.Key]; t != nil {
			t.end(l.State)
			t.open = t.open && t.Fence != l.Fence
		}
	}
	return nil
}

func (t *told) end(state notice.State) {
	t.worst = worse(t.worst, state)
	if state == notice.Unsure {
		t.unsure++
	}
}

// worse gives the one of two states after which a letter must less be sent again.
func worse(a, b notice.State) notice.State {
	order := []notice.State{notice.Deferred, notice.Unsure, notice.Sent}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func (s *story) letters() []notice.Handover {
	all := make([]*told, 0, len(s.told))
	for _, t := range s.told {
		if t.open {
			t.end(notice.Unsure)
		}
		t.State, t.Unsure = t.worst, t.unsure
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *told) int { return a.order - b.order })
	letters := make([]notice.Handover, len(all))
	for i, t := range all {
		letters[i] = t.Handover
	}
	return letters
}

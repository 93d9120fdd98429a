package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vireilla/internal/notice"
)

// Letters gives what the journal of a data folder holds of each letter, in the order of their last claims, and how many
// lines could not be read: a crash may cut one, more mean damage. A folder without a journal has no letters.
func Letters(folder string) (letters []notice.Handover, damaged int, err error) {
	all := history{letters: map[string]*letter{}}
	path := filepath.Join(folder, Name)
	for _, p := range []string{path + ".1", path} {
		if err := all.readFile(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, 0, fmt.Errorf("send journal: %w", err)
		}
	}
	return all.handovers(), all.damaged, nil
}

// history is the content of the lines.
type history struct {
	letters map[string]*letter // by key
	claims  int
	damaged int
}

// letter is what the lines hold of one letter.
type letter struct {
	notice.Handover
	order  int          // of its last claim
	open   bool         // its last claim has no end
	worst  notice.State // of the claims that ended
	unsure int          // claims that ended unsure
}

func (h *history) readFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for lines := bufio.NewReaderSize(file, 1<<16); ; {
		text, err := lines.ReadString('\n')
		if strings.TrimSpace(text) != "" {
			if l, ok := parse([]byte(text)); !ok || h.read(&l) != nil {
				h.damaged++
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

func (h *history) read(l *line) error {
	switch l.What {
	case begin:
		n, err := l.notice()
		if err != nil {
			return err
		}
		t := h.letters[l.Key]
		if t == nil {
			t = &letter{worst: notice.Deferred}
			h.letters[l.Key] = t
		}
		if t.open { // the worker that claimed it before died
			t.end(notice.Unsure)
		}
		h.claims++
		t.Handover = notice.Handover{Notice: n, Fence: l.Fence, At: instant(l.At), Dated: instant(l.Dated)}
		t.open, t.order = true, h.claims
	case end:
		if t := h.letters[l.Key]; t != nil {
			t.end(l.State)
			t.open = t.open && t.Fence != l.Fence
		}
	}
	return nil
}

func (t *letter) end(state notice.State) {
	t.worst = worse(t.worst, state)
	if state == notice.Unsure {
		t.unsure++
	}
}

// worse gives that of two states after which sending the letter again does more harm.
func worse(a, b notice.State) notice.State {
	order := []notice.State{notice.Deferred, notice.Unsure, notice.Sent}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func (h *history) handovers() []notice.Handover {
	all := make([]*letter, 0, len(h.letters))
	for _, t := range h.letters {
		if t.open {
			t.end(notice.Unsure)
		}
		t.State, t.Unsure = t.worst, t.unsure
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *letter) int { return a.order - b.order })
	letters := make([]notice.Handover, len(all))
	for i, t := range all {
		letters[i] = t.Handover
	}
	return letters
}

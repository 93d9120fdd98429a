// Package journal is the send journal: a file beside the database to which every process appends which letters it is about to hand over, and what became of them. It is
// synced before the first byte of a letter goes out. A database that was restored from a backup does not know what went out since the backup; the journal does.
//
// A file holds ids, days and states, one JSON object a line, for 40 days; then it becomes the older of two. Several processes may append to one file.
package journal

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vireilla/internal/notice"
)

// Name is the file's, within the data folder. The older one has .1 behind it.
const Name = "letters.journal"

const (
	rotateAfter = 40 * 24 * time.Hour // a backup older than one or two of these cannot be held against the journal
	tailBytes   = 256 << 10
	tailHands   = 50
)

// Journal is an open journal. It is safe for use by many goroutines.
type Journal struct {
	path string

	mu      sync.Mutex
	file    file
	old     file // the file before it, which somebody may just be syncing
	torn    bool // a line may have been left unfinished
	id      string
	began   time.Time
	tail    tail
	written int64 // how often something was

	syncing sync.Mutex // taken before mu
	synced  int64      // up to which of them
}

// file is what a journal does with its file.
type file interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Stat() (os.FileInfo, error)
	Sync() error
}

// Open opens the journal of a data folder, or begins it.
func Open(folder string, now time.Time) (*Journal, error) {
	j := &Journal{path: filepath.Join(folder, Name)}
	if err := j.open(now); err != nil {
		return nil, fmt.Errorf("send journal: %w", err)
	}
	return j, nil
}

// ID names this journal among those of other machines.
func (j *Journal) ID() string { return j.id }

// Close closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.file.Close()
	if j.old != nil {
		err = errors.Join(err, j.old.Close())
	}
	return err
}

// open opens the file at the path; an empty one gets a first line, which says whose it is.
func (j *Journal) open(now time.Time) error {
	file, err := os.OpenFile(j.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	j.file = file
	info, err := file.Stat()
	if err == nil && info.Size() == 0 {
		if j.id == "" {
			j.id = rand.Text()[:8]
		}
		if err = j.append(now, line{What: whose, ID: j.id}); err == nil {
			err = errors.Join(file.Sync(), syncFolder(filepath.Dir(j.path)))
		}
	}
	if err == nil {
		err = j.load()
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	return nil
}

// load reads the first line, and the last ones.
func (j *Journal) load() error {
	first := make([]byte, 256)
	n, err := j.file.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head, ok := parse(first[:max(0, bytes.IndexByte(first[:n], '\n'))])
	if !ok || head.What != whose {
		return fmt.Errorf("%s does not begin as a send journal does: move it away", j.path)
	}
	j.id, j.began = head.ID, time.UnixMilli(head.At)
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	from := max(0, info.Size()-tailBytes)
	end := make([]byte, info.Size()-from)
	if n, err = j.file.ReadAt(end, from); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	end = end[:n]
	j.torn = n > 0 && end[n-1] != '\n'
	j.tail = tail{}
	for text := range bytes.Lines(end) {
		if l, ok := parse(text); ok { // the first may have been cut
			j.tail.read(l)
		}
	}
	return nil
}

// append writes lines at once.
func (j *Journal) append(now time.Time, lines ...line) error {
	var text bytes.Buffer
	if j.torn {
		text.WriteByte('\n')
	}
	out := json.NewEncoder(&text) // ends each with a line feed
	for i := range lines {
		lines[i].At = now.UnixMilli()
		if err := out.Encode(&lines[i]); err != nil {
			return err
		}
	}
	j.torn = true
	if _, err := j.file.Write(text.Bytes()); err != nil {
		return err
	}
	j.torn = false
	j.written++
	return nil
}

// write writes lines, and waits until they are on the disk if asked to.
func (j *Journal) write(now time.Time, sync bool, lines ...line) error {
	mine, err := j.put(now, lines)
	if err == nil && sync {
		err = j.sync(mine)
	}
	if err != nil {
		return fmt.Errorf("send journal: %w", err)
	}
	return nil
}

func (j *Journal) put(now time.Time, lines []line) (mine int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.turn(now); err != nil {
		return 0, err
	}
	if err := j.append(now, lines...); err != nil {
		return 0, err
	}
	for _, l := range lines {
		j.tail.read(l)
	}
	return j.written, nil
}

// sync makes sure that what was written up to a time is on the disk: one goes to the disk for all who wait.
func (j *Journal) sync(mine int64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= mine {
		return nil
	}
	j.mu.Lock()
	file, all := j.file, j.written
	j.mu.Unlock()
	if err := file.Sync(); err != nil {
		return err
	}
	j.synced = all
	return nil
}

// turn begins a new file when this one is old enough, unless another process has done so.
func (j *Journal) turn(now time.Time) error {
	if now.Sub(j.began) < rotateAfter {
		return nil
	}
	ours, err := j.file.Stat()
	if err != nil {
		return err
	}
	theirs, err := os.Stat(j.path)
	if err == nil && os.SameFile(ours, theirs) {
		err = os.Rename(j.path, j.path+".1")
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	old, tail := j.file, j.tail
	if err := old.Sync(); err != nil {
		return err
	}
	if err := j.open(now); err != nil {
		j.file = old
		return err
	}
	if len(j.tail.hands) == 0 {
		j.tail = tail // what was known of the end of the other
	}
	before := j.old
	j.old = old
	if before == nil {
		return nil
	}
	return before.Close()
}

// Begin writes down which letters are about to be handed over, before they are.
func (j *Journal) Begin(now time.Time, claimed []notice.Claimed) error {
	lines := make([]line, len(claimed))
	for i := range claimed {
		l, err := begun(&claimed[i])
		if err != nil {
			return fmt.Errorf("send journal: letter %d: %w", claimed[i].ID, err)
		}
		lines[i] = l
	}
	return j.write(now, true, lines...)
}

// End writes down what became of letters.
func (j *Journal) End(now time.Time, reports []notice.Report) error {
	lines := make([]line, len(reports))
	for i := range reports {
		lines[i] = ended(&reports[i])
	}
	return j.write(now, true, lines...)
}

// See writes down how far the database's timetable was, at most once a minute: a machine that sends nothing notices by it that the database is an older one.
func (j *Journal) See(now, pulse time.Time) error {
	j.mu.Lock()
	fresh := pulse.Sub(j.tail.seen) >= time.Minute
	j.mu.Unlock()
	if !fresh {
		return nil
	}
	return j.write(now, false, line{What: seen, Seen: pulse.UnixMilli()})
}

// Accept says that the database was brought up to here: what was written before counts no longer as unknown to it. It does know some of the last letters that went out, which
// are held against it from now on.
func (j *Journal) Accept(now time.Time, letters []notice.Handover) error {
	lines := []line{{What: accepted}}
	for i := len(letters) - 1; i >= 0 && len(lines) <= tailHands; i-- {
		if l := &letters[i]; l.State != notice.Deferred {
			lines = append(lines, line{What: known, Key: l.Key, Fence: l.Fence})
		}
	}
	return j.write(now, true, lines...)
}

// Tail gives the last handings over, and how far the timetable was when it was last looked at.
func (j *Journal) Tail() (hands []notice.HandoverID, pulse time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append(hands, j.tail.hands...), j.tail.seen
}

// Reload reads again what other processes may have written.
func (j *Journal) Reload() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.load(); err != nil {
		return fmt.Errorf("send journal: %w", err)
	}
	return nil
}

// syncFolder makes sure that a new file is found after a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

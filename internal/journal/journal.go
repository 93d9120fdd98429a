// Package journal is the send journal: a file beside the database to which every process appends which letters it is
// about to hand over to the relay, and with what result. It is synced before the first byte of a letter goes out. A
// database that was restored from a backup does not hold what went out since the backup; the journal does.
//
// A file holds ids, days and states, one JSON object a line, for 40 days; then it becomes the older of two. Several
// processes may append to one file.
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

// Name is the name of the file in the data folder. The older file has .1 appended.
const Name = "letters.journal"

const (
	rotateAfter   = 40 * 24 * time.Hour // only younger backups can be compared with the journal
	tailBytes     = 256 << 10
	tailHandovers = 50
)

// Journal is an open journal. It is safe for use by many goroutines.
type Journal struct {
	path string

	mu         sync.Mutex
	file       file
	old        file // the file before it, which another goroutine may still be syncing
	unfinished bool // the last line may lack its end
	id         string
	started    time.Time
	tail       tail
	written    int64 // number of writes

	syncMu sync.Mutex // taken before mu
	synced int64      // the last write that is on disk
}

// file is the part of os.File that a journal uses.
type file interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Stat() (os.FileInfo, error)
	Sync() error
}

// Open opens the journal of a data folder; it creates the file when there is none.
func Open(folder string, now time.Time) (*Journal, error) {
	j := &Journal{path: filepath.Join(folder, Name)}
	if err := j.open(now); err != nil {
		return nil, fmt.Errorf("send journal: %w", err)
	}
	return j, nil
}

// ID identifies this journal among those of other machines.
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

// open opens the file at the path. An empty file gets a first line with the id of the journal.
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
		if err = j.append(now, line{What: header, ID: j.id}); err == nil {
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

// load reads the first line and the last lines.
func (j *Journal) load() error {
	first := make([]byte, 256)
	n, err := j.file.ReadAt(first, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head, ok := parse(first[:max(0, bytes.IndexByte(first[:n], '\n'))])
	if !ok || head.What != header {
		return fmt.Errorf("%s is not a send journal: move it away", j.path)
	}
	j.id, j.started = head.ID, time.UnixMilli(head.At)
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
	j.unfinished = n > 0 && end[n-1] != '\n'
	j.tail = tail{}
	for text := range bytes.Lines(end) {
		if l, ok := parse(text); ok { // the first may be cut
			j.tail.read(l)
		}
	}
	return nil
}

// append writes lines in one write.
func (j *Journal) append(now time.Time, lines ...line) error {
	var text bytes.Buffer
	if j.unfinished {
		text.WriteByte('\n')
	}
	out := json.NewEncoder(&text) // ends each line with a line feed
	for i := range lines {
		lines[i].At = now.UnixMilli()
		if err := out.Encode(&lines[i]); err != nil {
			return err
		}
	}
	j.unfinished = true
	if _, err := j.file.Write(text.Bytes()); err != nil {
		return err
	}
	j.unfinished = false
	j.written++
	return nil
}

// write writes lines; with sync it waits until they are on disk.
func (j *Journal) write(now time.Time, sync bool, lines ...line) error {
	n, err := j.put(now, lines)
	if err == nil && sync {
		err = j.sync(n)
	}
	if err != nil {
		return fmt.Errorf("send journal: %w", err)
	}
	return nil
}

// put writes lines and gives the number of the write.
func (j *Journal) put(now time.Time, lines []line) (n int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.rotate(now); err != nil {
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

// sync waits until the n-th write is on disk. One sync serves all goroutines that wait.
func (j *Journal) sync(n int64) error {
	j.syncMu.Lock()
	defer j.syncMu.Unlock()
	if j.synced >= n {
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

// rotate begins a new file when this one is old enough, unless another process has done so.
func (j *Journal) rotate(now time.Time) error {
	if now.Sub(j.started) < rotateAfter {
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
	if len(j.tail.handovers) == 0 {
		j.tail = tail // nothing newer is known
	}
	before := j.old
	j.old = old
	if before == nil {
		return nil
	}
	return before.Close()
}

// Begin records on disk which letters are about to be handed over.
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

// End records on disk the result of handovers.
func (j *Journal) End(now time.Time, reports []notice.Report) error {
	lines := make([]line, len(reports))
	for i := range reports {
		lines[i] = ended(&reports[i])
	}
	return j.write(now, true, lines...)
}

// RecordLastTick records the last tick in the database, at most once a minute. By it a machine that sends nothing can
// notice that the database is stale.
func (j *Journal) RecordLastTick(now, lastTick time.Time) error {
	j.mu.Lock()
	fresh := lastTick.Sub(j.tail.lastTick) >= time.Minute
	j.mu.Unlock()
	if !fresh {
		return nil
	}
	return j.write(now, false, line{What: seen, Seen: lastTick.UnixMilli()})
}

// Accept records that the database was brought up to date with the journal: earlier handovers no longer make it
// stale. The last of the letters, which the database holds, are compared with it from now on.
func (j *Journal) Accept(now time.Time, letters []notice.Handover) error {
	lines := []line{{What: accepted}}
	for i := len(letters) - 1; i >= 0 && len(lines) <= tailHandovers; i-- {
		if l := &letters[i]; l.State != notice.Deferred {
			lines = append(lines, line{What: known, Key: l.Key, Fence: l.Fence})
		}
	}
	return j.write(now, true, lines...)
}

// Tail gives the last handovers, and the last tick that was recorded.
func (j *Journal) Tail() (handovers []notice.HandoverID, lastTick time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append(handovers, j.tail.handovers...), j.tail.lastTick
}

// Reload reads what other processes may have written.
func (j *Journal) Reload() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.load(); err != nil {
		return fmt.Errorf("send journal: %w", err)
	}
	return nil
}

// syncFolder syncs a folder, so that a new file in it survives a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

package mailer

import (
	"hash/maphash"
	"slices"
	"sync"
	"time"
)

// Breaker detects a relay that refuses everybody, which is a fault of the relay and not of the letters: more than five
// different recipients with a 5yz within five minutes. From then on it turns Failed into Deferred, until the window has
// passed. It keeps hashes of the last few recipients, never an address. The zero value is ready to use; Note may be
// called from several goroutines.
type Breaker struct {
	mu       sync.Mutex
	seed     maphash.Seed
	seeded   bool
	rejected []rejection // of different recipients, oldest first, never more than tolerated+1
}

type rejection struct {
	who uint64
	at  time.Time
}

const (
	tolerated = 5
	window    = 5 * time.Minute
)

// Note takes the outcome of a letter to a recipient and returns the outcome to act upon. The first five letters stay
// failed.
func (b *Breaker) Note(now time.Time, to string, o Outcome) Outcome {
	if o.Result != Failed || o.Code < 500 {
		return o
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.seeded {
		// A random seed makes the hashes useless outside this process.
		b.seed, b.seeded = maphash.MakeSeed(), true
	}
	who := maphash.String(b.seed, to)
	b.rejected = slices.DeleteFunc(b.rejected, func(r rejection) bool {
		return r.who == who || now.Sub(r.at).Abs() >= window // Abs: the clock may be put back
	})
	b.rejected = append(b.rejected, rejection{who, now})
	if len(b.rejected) <= tolerated {
		return o
	}
	if len(b.rejected) > tolerated+1 {
		b.rejected = slices.Delete(b.rejected, 0, 1)
	}
	o.Result, o.Reason = Deferred, ReasonRelay
	return o
}

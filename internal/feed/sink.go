package feed

import (
	"context"

	"vireilla/internal/caseload"
)

// Sink is where an import goes: a store that takes rows aside and puts them in force all at once.
type Sink interface {
	// Stage takes rows of one file aside. It tells the rows whose key stands already on an earlier line of the file; those are not taken.
	Stage(ctx context.Context, file *caseload.File, rows []Row) ([]Duplicate, error)
	// Unknown tells staged rows that name, in a column, an id that is neither staged nor in the store: the first few in the order of lines, and how many in all.
	Unknown(ctx context.Context, file *caseload.File, column string, limit int) ([]Reference, int, error)
	// Apply puts what was staged in force. A full import closes what is gone from the staged files; what would close or move too much is a *ShrinkError.
	Apply(ctx context.Context, full, acceptShrink bool) (map[string]Counts, error)
}

// What a Sink is handed and hands back.
type (
	Row         = caseload.Row
	Duplicate   = caseload.Duplicate
	Reference   = caseload.Reference
	Counts      = caseload.Counts
	ShrinkError = caseload.ShrinkError
)

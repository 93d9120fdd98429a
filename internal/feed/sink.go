package feed

import (
	"context"

	"vireilla/internal/caseload"
)

// Sink is the store that an import writes to. It stages rows first and applies them all at once.
type Sink interface {
	// Stage stages rows of one file. It returns the rows whose key is on an earlier line of the file; these it does not
	// stage.
	Stage(ctx context.Context, file *caseload.File, rows []Row) ([]Duplicate, error)
	// Unknown returns the staged rows whose column refers to an id that is neither staged nor in the store: the first
	// limit of them by line, and how many there are.
	Unknown(ctx context.Context, file *caseload.File, column string, limit int) ([]Reference, int, error)
	// Apply makes the staged rows effective. A full import closes the rows that the staged files do not have, or returns
	// a *ShrinkError when these are too many and acceptShrink is not set.
	Apply(ctx context.Context, full, acceptShrink bool) (map[string]Counts, error)
}

// The types that a Sink takes and returns.
type (
	Row         = caseload.Row
	Duplicate   = caseload.Duplicate
	Reference   = caseload.Reference
	Counts      = caseload.Counts
	ShrinkError = caseload.ShrinkError
)

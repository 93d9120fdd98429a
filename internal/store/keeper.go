package store

import (
	"context"
	"database/sql/driver"
)

// keeping connects to SQLite, and each connection keeps what it has prepared: to prepare a statement takes longer than to run it. PostgreSQL's driver does so itself.
type keeping struct{ driver.Connector }

// Connect implements driver.Connector.
func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &keeper{conn.(sqliteConn), map[string]driver.Stmt{}}, nil
}

// sqliteConn is what every connection of the driver can do, as its documentation says.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type keeper struct {
	sqliteConn
	idle map[string]driver.Stmt // by text; one that runs is not among them
}

// mostKept is how many statements a connection keeps.
const mostKept = 50

// ExecContext implements driver.ExecerContext.
func (k *keeper) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.(driver.StmtExecContext).ExecContext(ctx, args)
	return result, k.giveBack(text, s, err)
}

// QueryContext implements driver.QueryerContext.
func (k *keeper) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := k.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, k.giveBack(text, s, err)
	}
	return keptRows{rows, func(err error) error { return k.giveBack(text, s, err) }}, nil
}

// Close implements driver.Conn.
func (k *keeper) Close() error {
	for _, s := range k.idle {
		_ = s.Close() // what it ran last has told its own fault
	}
	clear(k.idle)
	return k.sqliteConn.Close()
}

func (k *keeper) take(ctx context.Context, text string) (driver.Stmt, error) {
	if s, ok := k.idle[text]; ok {
		delete(k.idle, text)
		return s, nil
	}
	return k.PrepareContext(ctx, text)
}

// giveBack keeps a statement for the next time, unless it failed, and gives its fault.
func (k *keeper) giveBack(text string, s driver.Stmt, fault error) error {
	if _, twice := k.idle[text]; twice || fault != nil {
		_ = s.Close()
		return fault
	}
	for old, o := range k.idle {
		if len(k.idle) < mostKept {
			break
		}
		_ = o.Close()
		delete(k.idle, old)
	}
	k.idle[text] = s
	return nil
}

type keptRows struct {
	driver.Rows
	closed func(error) error
}

// Close implements driver.Rows.
func (r keptRows) Close() error { return r.closed(r.Rows.Close()) }

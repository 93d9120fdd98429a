package store

import (
	"context"
	"database/sql/driver"
)

// cachingConnector connects to SQLite with connections that cache prepared statements: preparing a statement takes
// longer than running it. PostgreSQL's driver has such a cache itself.
type cachingConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c cachingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &cachingConn{conn.(sqliteConn), map[string]driver.Stmt{}}, nil
}

// sqliteConn lists what a connection of the driver can do, as its documentation says.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type cachingConn struct {
	sqliteConn
	idle map[string]driver.Stmt // by text; a running statement is not among them
}

// maxIdle is how many statements a connection caches.
const maxIdle = 50

// ExecContext implements driver.ExecerContext.
func (c *cachingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	result, err := s.(driver.StmtExecContext).ExecContext(ctx, args)
	return result, c.giveBack(text, s, err)
}

// QueryContext implements driver.QueryerContext.
func (c *cachingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, text)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, c.giveBack(text, s, err)
	}
	return cachedRows{rows, func(err error) error { return c.giveBack(text, s, err) }}, nil
}

// Close implements driver.Conn.
func (c *cachingConn) Close() error {
	for _, s := range c.idle {
		_ = s.Close() // it repeats the error of its last run, which was returned already
	}
	clear(c.idle)
	return c.sqliteConn.Close()
}

func (c *cachingConn) take(ctx context.Context, text string) (driver.Stmt, error) {
	if s, ok := c.idle[text]; ok {
		delete(c.idle, text)
		return s, nil
	}
	return c.PrepareContext(ctx, text)
}

// giveBack caches a statement, unless it failed, and returns its error.
func (c *cachingConn) giveBack(text string, s driver.Stmt, failed error) error {
	if _, twice := c.idle[text]; twice || failed != nil {
		_ = s.Close()
		return failed
	}
	for old, o := range c.idle {
		if len(c.idle) < maxIdle {
			break
		}
		_ = o.Close()
		delete(c.idle, old)
	}
	c.idle[text] = s
	return nil
}

type cachedRows struct {
	driver.Rows
	closed func(error) error
}

// Close implements driver.Rows.
func (r cachedRows) Close() error { return r.closed(r.Rows.Close()) }

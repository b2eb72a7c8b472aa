package network

import "context"

type connKey struct{}

// NewContext returns ctx with the connection over which a request came.
func NewContext(ctx context.Context, conn *Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// FromContext returns the connection of a context made by [NewContext].
func FromContext(ctx context.Context) *Conn { return ctx.Value(connKey{}).(*Conn) }

// Package obs is what the server tells its operators: logs and metrics.
//
// Logs are JSON lines of log/slog. Attributes that a context carries (request_id, operation_id) are on every line logged with
// that context. What looks like a secret is taken out on the way; that is the second line of defence, type secret.String is the
// first.
package obs

import (
	"context"
	"io"
	"log/slog"
	"slices"
)

// Keys of attributes that many places use.
const (
	KeyRequestID   = "request_id"
	KeyOperationID = "operation_id"
	KeyNode        = "node"
)

// NewLogger writes JSON lines to w from level on. Times are UTC. The level may be a *slog.LevelVar to be changed at run time.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(&contextHandler{next: slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: replaceAttr})})
}

type attrsKey struct{}

// With is ctx with attributes that every line logged with it has. An attribute of the same key as an earlier one replaces it.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	merged := slices.Clone(Attrs(ctx))
	for _, a := range attrs {
		if i := slices.IndexFunc(merged, func(b slog.Attr) bool { return b.Key == a.Key }); i >= 0 {
			merged[i] = a
		} else {
			merged = append(merged, a)
		}
	}
	return context.WithValue(ctx, attrsKey{}, merged)
}

// WithRequestID is With for the id of the HTTP request.
func WithRequestID(ctx context.Context, id string) context.Context {
	return With(ctx, slog.String(KeyRequestID, id))
}

// WithOperationID is With for the id of the operation that is carried out.
func WithOperationID(ctx context.Context, id string) context.Context {
	return With(ctx, slog.String(KeyOperationID, id))
}

// Attrs are the attributes that With has put into ctx, in the order of their first appearance. Do not change the slice.
func Attrs(ctx context.Context) []slog.Attr {
	attrs, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	return attrs
}

// contextHandler puts a context's attributes at the top level of the line, whatever groups the logger has open: a line is found
// by its request id wherever it comes from. So groups are kept here and applied to the record's own attributes.
type contextHandler struct {
	next   slog.Handler
	groups []group
}

// A group is one that the logger has opened, with the attributes that were added inside it.
type group struct {
	name  string
	attrs []slog.Attr
}

func (h *contextHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.next.Enabled(ctx, l)
}

func (h *contextHandler) Handle(ctx context.Context, r slog.Record) error {
	attrs := Attrs(ctx)
	if len(attrs) == 0 && len(h.groups) == 0 {
		return h.next.Handle(ctx, r)
	}
	own := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool { own = append(own, a); return true })
	for _, g := range slices.Backward(h.groups) {
		own = []slog.Attr{{Key: g.name, Value: slog.GroupValue(slices.Concat(g.attrs, own)...)}}
	}
	line := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	for _, a := range attrs {
		// What the line says itself is nearer to the event than what its context says.
		if !slices.ContainsFunc(own, func(o slog.Attr) bool { return o.Key == a.Key }) {
			line.AddAttrs(a)
		}
	}
	line.AddAttrs(own...)
	return h.next.Handle(ctx, line)
}

func (h *contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.groups) == 0 {
		return &contextHandler{next: h.next.WithAttrs(attrs)}
	}
	groups := slices.Clone(h.groups)
	last := &groups[len(groups)-1]
	last.attrs = slices.Concat(last.attrs, attrs)
	return &contextHandler{next: h.next, groups: groups}
}

func (h *contextHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &contextHandler{next: h.next, groups: append(slices.Clone(h.groups), group{name: name})}
}

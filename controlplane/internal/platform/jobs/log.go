// How River speaks to our log: its own notices from Warn on, and each failed attempt with the operation's id.

package jobs

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

type errorLog struct{ log *slog.Logger }

func (l errorLog) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	l.log.ErrorContext(ctx, "operation could not be worked on and is tried again", "operation_id", operationOf(job), "attempt", job.Attempt, "error", err)
	return nil
}

func (l errorLog) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	l.log.ErrorContext(ctx, "panic while an operation was worked on", "operation_id", operationOf(job), "panic", value, "trace", trace)
	return nil
}

func operationOf(job *rivertype.JobRow) string {
	var a args
	if json.Unmarshal(job.EncodedArgs, &a) != nil {
		return ""
	}
	return a.OperationID
}

// atLeast passes on what is as grave as level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(a []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(a), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

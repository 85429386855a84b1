// GORM's logger, on slog. Statements are logged with placeholders: parameters hold secrets and personal data.

package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// queryLog implements logger.Interface and gorm.ParamsFilter.
type queryLog struct {
	log  *slog.Logger
	slow time.Duration
}

var (
	_ logger.Interface  = (*queryLog)(nil)
	_ gorm.ParamsFilter = (*queryLog)(nil)
)

// LogMode is ignored: the level is slog's.
func (l *queryLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info, Warn and Error carry GORM's remarks on models and callbacks.
func (l *queryLog) Info(ctx context.Context, msg string, args ...any) {
	l.log.DebugContext(ctx, "gorm", "remark", fmt.Sprintf(msg, args...))
}

// Warn is described at Info.
func (l *queryLog) Warn(ctx context.Context, msg string, args ...any) {
	l.log.WarnContext(ctx, "gorm", "remark", fmt.Sprintf(msg, args...))
}

// Error is described at Info.
func (l *queryLog) Error(ctx context.Context, msg string, args ...any) {
	l.log.ErrorContext(ctx, "gorm", "remark", fmt.Sprintf(msg, args...))
}

// ParamsFilter drops the parameters before a statement becomes text.
func (l *queryLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

// Trace logs one statement. A failure is logged at debug level only, because whoever asked gets the error and knows
// whether it matters; and as its class, because messages quote values (`invalid input syntax: "…"`).
func (l *queryLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	took := clock.Real().Now().Sub(begin)
	level := slog.LevelDebug
	if took >= l.slow {
		level = slog.LevelWarn
	}
	if !l.log.Enabled(ctx, level) {
		return
	}
	sql, rows := statement()
	attrs := []slog.Attr{
		slog.String("sql", sql), slog.Duration("took", took), slog.Int64("rows", rows), slog.Bool("slow", took >= l.slow),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", errorClass(err)))
	}
	l.log.LogAttrs(ctx, level, "statement", attrs...)
}

func errorClass(err error) string {
	switch state := sqlState(err); {
	case state != "":
		return "SQLSTATE " + state
	case errors.Is(err, gorm.ErrRecordNotFound), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err.Error()
	default:
		return fmt.Sprintf("%T", err)
	}
}

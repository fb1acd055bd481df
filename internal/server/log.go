package server

import (
	"log"
	"log/slog"
)

// quietLog takes net/http's own lines (broken handshakes, mostly) at debug
// level, so that scanners cannot fill the log.
func quietLog(to *slog.Logger) *log.Logger {
	return slog.NewLogLogger(to.Handler(), slog.LevelDebug)
}

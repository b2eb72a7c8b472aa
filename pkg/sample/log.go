package sample

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/internal/printable"
)

// setUpLog makes package log and the default logger of package slog write to
// standard error, for people, with the name of the program. advise returns what
// the user can do about an error.
func setUpLog(advise func(error) string) {
	program := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	slog.SetDefault(slog.New(logHandler{out: log.New(os.Stderr, program+": ", 0), advise: advise}))
}

// printError prints an error on one line and help, if there is any, on another.
func printError(err error, help string) {
	log.Print(err)
	if help != "" {
		fmt.Fprintln(os.Stderr, printable.Line(help, maxLine))
	}
}

// maxLine is how many characters of a message are printed: parts of it may come
// from a malicious server.
const maxLine = 2000

// logHandler writes log records for people: one line for each record, and a
// second one that says what to do about the cause, if that is known:
//
//	receivemoduletwinpatch: no connection, trying again in 300ms (cause: …)
//	Nothing is listening there. Is the local hub running, at the port of the connection string?
type logHandler struct {
	out     *log.Logger // with the name of the program
	advise  func(error) string
	details []string
}

// Enabled leaves out records for debugging.
func (h logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle writes r.
func (h logHandler) Handle(_ context.Context, r slog.Record) error {
	details := h.details[:len(h.details):len(h.details)]
	help := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == hint.Key {
			help = a.Value.String()
			return true
		}
		details = append(details, detail(a))
		if cause, ok := a.Value.Any().(error); ok && a.Key == "cause" {
			help = h.advise(cause)
		}
		return true
	})
	line := r.Message
	if len(details) > 0 {
		line += " (" + strings.Join(details, ", ") + ")"
	}
	line = printable.Line(line, maxLine)
	if help != "" {
		line += "\n" + printable.Line(help, maxLine)
	}
	return h.out.Output(0, line)
}

// WithAttrs returns a handler that adds attrs to every record.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	details := h.details[:len(h.details):len(h.details)]
	for _, a := range attrs {
		details = append(details, detail(a))
	}
	return logHandler{h.out, h.advise, details}
}

// WithGroup returns h: people do not need groups.
func (h logHandler) WithGroup(string) slog.Handler { return h }

func detail(a slog.Attr) string {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		return fmt.Sprintf("%s: %v", a.Key, value)
	}
	var parts []string // each is resolved by itself, because it may hide a secret
	for _, part := range value.Group() {
		parts = append(parts, detail(part))
	}
	return fmt.Sprintf("%s: [%s]", a.Key, strings.Join(parts, ", "))
}

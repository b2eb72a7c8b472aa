package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"moduletwin/pkg/internal/printable"
)

// maxLogLine is how many characters of a line are shown. Ids and reasons fit.
const maxLogLine = 1000

// safeLog passes on whole lines of a log without what a terminal obeys: they name
// ids, addresses and reasons that come from clients.
type safeLog struct{ to io.Writer }

func (l safeLog) Write(line []byte) (int, error) {
	text := string(bytes.TrimSuffix(line, []byte("\n")))
	safe := line // nearly always
	if shown := printable.Line(text, maxLogLine); shown != text {
		safe = []byte(shown + "\n")
	}
	if _, err := l.to.Write(safe); err != nil {
		return 0, err
	}
	return len(line), nil
}

// printError begins with the program's name, with which errors of package
// localhub begin already.
func printError(w io.Writer, err error) {
	for line := range strings.Lines("localhub: " + strings.TrimPrefix(err.Error(), "localhub: ")) {
		fmt.Fprintln(w, printable.Line(line, maxLogLine))
	}
}

package main

import (
	"fmt"
	"io"
	"strings"

	"moduletwin/pkg/internal/printable"
)

// maxLogLine is how many characters of a line are shown. Ids and reasons fit.
const maxLogLine = 1000

// safeLog passes on lines of a log without what a terminal obeys: they name
// ids, addresses and reasons that come from clients.
type safeLog struct{ to io.Writer }

func (l safeLog) Write(line []byte) (int, error) {
	if _, err := io.WriteString(l.to, printable.Line(string(line), maxLogLine)+"\n"); err != nil {
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

package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"moduletwin/pkg/internal/printable"
)

// maxLogLine is how many characters of a line are logged. Ids and reasons fit.
const maxLogLine = 1000

// safeLog writes whole log lines to another writer with control characters
// escaped: the lines contain ids, addresses and reasons that come from clients,
// and a terminal would obey those characters.
type safeLog struct{ to io.Writer }

func (l safeLog) Write(line []byte) (int, error) {
	text := string(bytes.TrimSuffix(line, []byte("\n")))
	safe := line // almost always unchanged
	if shown := printable.Line(text, maxLogLine); shown != text {
		safe = []byte(shown + "\n")
	}
	if _, err := l.to.Write(safe); err != nil {
		return 0, err
	}
	return len(line), nil
}

// printError prints err after the program's name. Errors of package localhub
// already begin with it, so it is not repeated.
func printError(w io.Writer, err error) {
	for line := range strings.Lines("localhub: " + strings.TrimPrefix(err.Error(), "localhub: ")) {
		fmt.Fprintln(w, printable.Line(line, maxLogLine))
	}
}

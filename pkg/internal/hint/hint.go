// Package hint adds hints to errors: advice for people on what to do next. A
// hint is not part of the error's text, which stays one line.
package hint

// Error is an error with a hint. Package iothub's Hint returns it.
type Error struct {
	Err  error
	Hint string // one or more sentences, each with its full stop
}

// Error returns the text of the error, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *Error) Unwrap() error { return e.Err }

// Key is the key of the log attribute that holds a hint. Handlers that write
// for people show it like the hint of an error.
const Key = "hint"

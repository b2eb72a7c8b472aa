// Package hint gives errors a hint: what to do next, in words for people. The
// text of an error stays one line and does not hold it.
package hint

// Error is an error with a hint. Package iothub's Hint finds it.
type Error struct {
	Err  error
	Hint string // one or more sentences, each with its full stop
}

// Error returns the text of the error, without the hint.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the error.
func (e *Error) Unwrap() error { return e.Err }

// Key is the key of a log record's attribute that holds a hint. Handlers for
// people show it as they show the hint of an error.
const Key = "hint"

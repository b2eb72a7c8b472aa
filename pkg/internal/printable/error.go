package printable

// maxErrorText limits the text of [Error], in characters.
const maxErrorText = 500

// Error returns err with a text that is one line and safe to show. It is for
// errors whose text may come from outside, such as a name in a certificate or
// the response of a proxy.
func Error(err error) error { return &printableError{err} }

type printableError struct{ err error }

func (e *printableError) Error() string { return Line(e.err.Error(), maxErrorText) }
func (e *printableError) Unwrap() error { return e.err }

package iothub

import (
	"strings"

	"moduletwin/pkg/internal/hint"
)

// Hint suggests what to do about err, an error of one of the packages of this
// module: one or more sentences for people, on one line, or "" if there is
// nothing to suggest. They are not part of the text of the error. Hints cover
// what goes wrong between this machine and the hub; a program that knows more
// can add its own, as the samples do with WithHint of package sample. A program
// prints both:
//
//	fmt.Fprintln(os.Stderr, err)
//	if hint := iothub.Hint(err); hint != "" {
//		fmt.Fprintln(os.Stderr, hint)
//	}
func Hint(err error) string { return strings.Join(hints(err), " ") }

// hints returns the hints of the errors that err wraps, innermost first, and
// then the hint of err itself.
func hints(err error) (all []string) {
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		all = hints(err.Unwrap())
	case interface{ Unwrap() []error }:
		for _, wrapped := range err.Unwrap() {
			all = append(all, hints(wrapped)...)
		}
	}
	switch err := err.(type) {
	case *Error:
		if err.Hint != "" {
			all = append(all, err.Hint)
		}
	case *hint.Error:
		all = append(all, err.Hint)
	}
	return all
}

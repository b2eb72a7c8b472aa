package iothub

import (
	"strings"

	"moduletwin/pkg/internal/hint"
)

// Hint returns what may help against err, an error of this module's packages:
// one or more sentences for people, on one line; "" if nothing is known. The
// text of the error does not hold it. It is for what goes wrong between this
// machine and the hub; a program that knows more can add to it, as the samples
// do with WithHint of package sample. A program prints both:
//
//	fmt.Fprintln(os.Stderr, err)
//	if hint := iothub.Hint(err); hint != "" {
//		fmt.Fprintln(os.Stderr, hint)
//	}
func Hint(err error) string { return strings.Join(hints(err), " ") }

// hints returns the hints of what err wraps, innermost first, and its own.
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

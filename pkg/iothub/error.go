package iothub

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// ErrInvalid matches, with [errors.Is], every error about input for which
// nothing was sent: a connection string or token that is malformed, a string of
// the wrong kind, an id that no hub accepts, properties that are not JSON, a
// file of certificates that cannot be read.
var ErrInvalid = errors.New("invalid input")

// invalidf is [fmt.Errorf] for errors that match [ErrInvalid]. They need not
// say so in words: what is wrong is said better.
func invalidf(format string, args ...any) error {
	return invalidError{fmt.Errorf(format, args...)}
}

type invalidError struct{ error }

func (invalidError) Is(target error) bool { return target == ErrInvalid }
func (e invalidError) Unwrap() error      { return e.error }

// ErrOutcomeUnknown matches, with [errors.Is], the error of a write whose
// response was lost on the way: the hub may have carried it out or not, and
// could not be asked.
var ErrOutcomeUnknown = errors.New("a response was lost: the hub may have carried it out all the same")

// Sentinels for [errors.Is]: each matches every [*Error] of its status,
// whatever the operation and the hub's own code. A response that is not a
// hub's, such as the page of a proxy, matches none.
var (
	ErrBadRequest         = &Error{StatusCode: http.StatusBadRequest}         // the hub finds the request malformed or over a limit
	ErrUnauthorized       = &Error{StatusCode: http.StatusUnauthorized}       // wrong key, expired token, or a permission is missing
	ErrForbidden          = &Error{StatusCode: http.StatusForbidden}          // a quota, a size or the hub's tier forbids it
	ErrNotFound           = &Error{StatusCode: http.StatusNotFound}           // no such device or module, or something else is not there: Code tells
	ErrExists             = &Error{StatusCode: http.StatusConflict}           // the id is taken
	ErrPreconditionFailed = &Error{StatusCode: http.StatusPreconditionFailed} // changed since the ETag was read
	ErrThrottled          = &Error{StatusCode: http.StatusTooManyRequests}    // too many requests, still after the retries
)

// Error is an error response of the hub, over HTTPS and MQTT alike. Ask what
// kind it is with [errors.Is] and a sentinel of this package:
//
//	if errors.Is(err, iothub.ErrExists) { … }
//
// See https://learn.microsoft.com/azure/iot-hub/troubleshoot-error-codes for the
// codes.
type Error struct {
	Op         string // what was tried: `create module "m" on device "d"`
	StatusCode int    // as in HTTP: 404
	Code       string // the hub's name for it: "ModuleNotFound"; its number if that has no name; "" if the response held none
	Message    string // the hub's words; "" if the response held none
	TrackingID string // for a support request; "" if the response held none
	Hint       string // what may help, in sentences for people; "" if nothing is known. See the function Hint

	foreign bool // the response was not an IoT hub's but, say, the page of a proxy
}

// Error returns one line, without the hint:
//
//	iothub: create module "m" on device "d": 409 ModuleAlreadyExistsOnDevice: …
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("iothub: ")
	if e.Op != "" { // but for the sentinels
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(strconv.Itoa(e.StatusCode))
	if name := cmp.Or(e.Code, strings.ReplaceAll(http.StatusText(e.StatusCode), " ", "")); name != "" {
		b.WriteString(" " + name)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// Is makes an Error match the sentinel of its status. If it is not the hub's,
// it matches none: a proxy's "not found" tells nothing about devices.
func (e *Error) Is(target error) bool {
	sentinel, ok := target.(*Error)
	return ok && sentinel.StatusCode == e.StatusCode && sentinel.Op == "" && !e.foreign
}

package iothub

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// ErrInvalid matches, with [errors.Is], every error about input that was
// rejected before anything was sent: a malformed connection string or token,
// the wrong kind of connection string, an id that no hub accepts, properties
// that cannot be written as JSON, a file of certificates that cannot be read.
var ErrInvalid = errors.New("invalid input")

// invalidf is [fmt.Errorf] for errors that match [ErrInvalid]. Their text does
// not contain that of ErrInvalid: it says more exactly what is wrong.
func invalidf(format string, args ...any) error {
	return invalidError{fmt.Errorf(format, args...)}
}

type invalidError struct{ error }

func (invalidError) Is(target error) bool { return target == ErrInvalid }
func (e invalidError) Unwrap() error      { return e.error }

// ErrOutcomeUnknown matches, with [errors.Is], the error of a write whose
// response was lost: the hub may have carried it out or not, and reading
// afterwards did not settle it.
var ErrOutcomeUnknown = errors.New("a response was lost: the hub may have carried out the request anyway")

// Sentinels for [errors.Is]. Each matches every [*Error] with its status,
// whatever the operation and the error code. A response that is not a hub's,
// such as the page of a proxy, matches none.
var (
	ErrBadRequest         error = &Error{StatusCode: http.StatusBadRequest}         // the hub finds the request malformed or over a limit
	ErrUnauthorized       error = &Error{StatusCode: http.StatusUnauthorized}       // wrong key, expired token or missing permission
	ErrForbidden          error = &Error{StatusCode: http.StatusForbidden}          // a quota, a size or the hub's tier forbids it
	ErrNotFound           error = &Error{StatusCode: http.StatusNotFound}           // no such device, module or hub; see Code
	ErrExists             error = &Error{StatusCode: http.StatusConflict}           // the id is taken
	ErrPreconditionFailed error = &Error{StatusCode: http.StatusPreconditionFailed} // changed since the ETag was read
	ErrThrottled          error = &Error{StatusCode: http.StatusTooManyRequests}    // too many requests, still after the retries
)

// Error is an error response of the hub, over HTTPS or MQTT. To find out which
// kind it is, use [errors.Is] with a sentinel of this package:
//
//	if errors.Is(err, iothub.ErrExists) { … }
//
// See https://learn.microsoft.com/azure/iot-hub/troubleshoot-error-codes for the
// codes.
type Error struct {
	Op         string // what was tried, such as `create module "m" on device "d"`
	StatusCode int    // the HTTP status, such as 404
	Code       string // the hub's error code by name, such as "ModuleNotFound", or else by number; "" if there is none
	Message    string // the hub's message; "" if there is none
	TrackingID string // for a support request; "" if there is none
	Hint       string // what to do about it, in sentences for people; "" if nothing is known. See the function Hint

	foreign bool // the response was not an IoT hub's but, say, the page of a proxy
}

// Error returns one line, without the hint:
//
//	iothub: create module "m" on device "d": 409 ModuleAlreadyExistsOnDevice: …
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("iothub: ")
	if e.Op != "" { // the sentinels have none
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

// Is makes an Error match the sentinel with the same status. If the response is
// not a hub's, it matches none: a proxy's "not found" says nothing about
// devices.
func (e *Error) Is(target error) bool {
	sentinel, ok := target.(*Error)
	return ok && sentinel.StatusCode == e.StatusCode && sentinel.Op == "" && !e.foreign
}

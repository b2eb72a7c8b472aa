package iotmodule

import (
	"errors"
	"fmt"

	"moduletwin/pkg/iothub"
)

// ErrClosed is the error of calls on a closed client.
var ErrClosed = errors.New("the client is closed")

// invalidError is an error about input that was rejected before anything was
// sent.
type invalidError struct{ error }

// Is makes the error match [iothub.ErrInvalid].
func (invalidError) Is(target error) bool { return target == iothub.ErrInvalid }

func (e invalidError) Unwrap() error { return e.error }

// wrap adds what failed to an error. An error response of the hub says so
// itself.
func (c *Client) wrap(op string, err error) error {
	if _, ok := err.(*iothub.Error); ok {
		return err
	}
	return fmt.Errorf("iotmodule: %s of %s: %w", op, c.module.Owner(), err)
}

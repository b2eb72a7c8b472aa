package iotmodule

import (
	"errors"
	"fmt"
	"net/http"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/iothub"
)

// refusedError is a CONNACK with a code other than 0.
type refusedError struct{ code byte }

func (e refusedError) Error() string {
	return fmt.Sprintf("the hub refused the sign-in (CONNACK %d)", e.code)
}

// isTemporary reports whether the hub refuses everybody at the moment.
func (e refusedError) isTemporary() bool { return e.code == 3 }

// isUnauthorized reports whether the hub refuses this module. It uses code 5
// for every reason.
func (e refusedError) isUnauthorized() bool { return e.code == 4 || e.code == 5 }

// Is makes a refusal of the module match [iothub.ErrUnauthorized].
func (e refusedError) Is(target error) bool {
	return target == iothub.ErrUnauthorized && e.isUnauthorized()
}

// signInError returns the error that users get when a sign-in has failed.
func (c *Client) signInError(err error) error {
	op, hinted := "sign in as "+c.module.Owner(), c.withHint(err)
	if errors.Is(err, iothub.ErrUnauthorized) {
		return &iothub.Error{Op: op, StatusCode: http.StatusUnauthorized, Message: err.Error(), Hint: iothub.Hint(hinted)}
	}
	return fmt.Errorf("iotmodule: %s: %w", op, hinted)
}

// withHint adds a hint to the error of a sign-in.
func (c *Client) withHint(err error) error {
	var refused refusedError
	switch {
	case !errors.As(err, &refused):
		if c.dialer.webSocket && c.dialer.proxy != nil {
			err = hint.ThroughProxy(err, c.dialer.address)
		}
		return hint.Network(err, c.dialer.address)
	case refused.isUnauthorized():
		return &hint.Error{Err: err, Hint: "The module may not exist, its key may have changed, or the clock of this machine may be wrong: " +
			"Azure does not say which; the local hub shows the reason in its window."}
	case refused.isTemporary():
		return &hint.Error{Err: err, Hint: "The hub accepts no connections at the moment."}
	}
	return &hint.Error{Err: err, Hint: "An IoT hub does not refuse a sign-in in this way. Check HostName in the connection string."}
}

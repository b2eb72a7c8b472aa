package iotmodule

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/hint"
)

// history records how earlier connections ended, which decides about the next
// attempt.
type history struct {
	timings    timings
	attempts   int  // the number of pauses since the last stable connection
	closings   int  // connections in a row that the hub accepted at the first attempt and soon closed
	unanswered int  // how many of these it closed while a request was waiting for its response
	suspected  bool // whether the user was told what that may mean
}

// lost records the end of a connection. If the hub closes one connection after
// another, the usual reason is that another client has signed in as the same
// module. Two such clients would replace each other for ever, so the pauses
// keep growing; only a longer connection resets them.
func (h *history) lost(conn *connection) {
	lived := time.Since(conn.since)
	cause, waiting := conn.whyLost()
	if lived >= h.timings.contested || !closedByHub(cause) {
		h.forgetClosings()
	} else {
		h.closings++
		if waiting {
			h.unanswered++
		}
	}
	if lived >= h.timings.contested || lived >= h.timings.stable && !h.isContested() {
		h.attempts = 0
	}
}

// failed records a failed sign-in. Its cause may also have ended the connections
// before, so there may be no other client.
func (h *history) failed() { h.forgetClosings() }

func (h *history) forgetClosings() { h.closings, h.unanswered, h.suspected = 0, 0, false }

func (h *history) isContested() bool { return h.closings > h.timings.maxClosings }

// suspicion returns what it may mean that the hub keeps closing the connection,
// and a hint. It does so once; otherwise, and while that can be chance, it
// returns "".
func (h *history) suspicion(owner string) (what, help string) {
	if h.suspected || !h.isContested() {
		return "", ""
	}
	h.suspected = true
	if h.unanswered > h.closings/2 {
		return "the hub keeps closing the connection instead of answering a request",
			"If that is the local hub, its window says why."
	}
	return "the hub keeps closing the connection: is another client signed in as " + owner + "?",
		"End the other one: it may still be running in another window, or be stopped there with Ctrl+Z (type fg, then press Ctrl+C)."
}

// pause returns how long to wait before the next attempt.
func (h *history) pause() time.Duration {
	h.attempts++
	return h.timings.reconnect.Pause(h.attempts - 1)
}

// closedByHub reports whether the hub closed the connection. Other causes are
// silence, data that is not MQTT, and the renewal of the token.
func closedByHub(cause error) bool {
	var closed *websocket.CloseError
	return hint.IsClosed(cause) || errors.As(cause, &closed)
}

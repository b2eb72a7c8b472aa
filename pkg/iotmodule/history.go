package iotmodule

import (
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"moduletwin/pkg/internal/hint"
)

// history is what earlier connections teach about the next attempt.
type history struct {
	timings    timings
	attempts   int  // how many pauses were made since all was well
	closings   int  // connections in a row that the hub closed soon, each let in at the first attempt
	unanswered int  // how many of them it closed while a request was waiting
	suspected  bool // whether the user was told what that may mean
}

// lost draws conclusions from the end of a connection. A hub that closes one
// soon after the other has mostly let in another client as the same module.
// Two such clients would push each other out for ever, so each comes back
// more and more slowly; it takes a longer success to begin anew.
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

// failed notes that a sign-in has failed. Whatever made that happen can have
// closed the connections before, too, rather than another client.
func (h *history) failed() { h.forgetClosings() }

func (h *history) forgetClosings() { h.closings, h.unanswered, h.suspected = 0, 0, false }

func (h *history) isContested() bool { return h.closings > h.timings.maxClosings }

// suspicion returns, once, what it may mean that the hub keeps closing the
// connection, and a hint; "" while that can be chance.
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

// closedByHub tells a connection that was closed from one that fell silent,
// one on which the hub spoke no MQTT, and one that was given up for a new token.
func closedByHub(cause error) bool {
	var closed *websocket.CloseError
	return hint.IsClosed(cause) || errors.As(cause, &closed)
}

package rest

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/faults"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/network"
)

// injectBefore injects the failures that replace the hub's response and keep
// the request from being carried out. It reports whether the request goes on.
func injectBefore(failure fault.Failure, w http.ResponseWriter, r *http.Request) bool {
	switch failure.Kind {
	case fault.KindCut, fault.KindCutReset:
		endConnection(r, failure)
	case fault.KindSilence:
		removeDeadlines(w)
		io.Copy(io.Discard, r.Body) // the server notices that the client has gone only once the body is read
		<-r.Context().Done()
		endConnection(r, fault.Cut())
	case fault.KindGarbage:
		w.Header().Set("Content-Type", "text/html")
		w.Write(faults.Garbage)
	default:
		return true
	}
	return false
}

// refusalOf returns the error with which failure refuses a request instead of
// having it carried out, nil if it does not.
func refusalOf(failure fault.Failure) error {
	if failure.Kind != fault.KindStatus {
		return nil
	}
	status := failure.Status
	if status < 400 || status > 599 { // HTTP cannot refuse anything with it
		status = http.StatusInternalServerError
	}
	return huberror.Injected(status)
}

func addRetryAfter(failure fault.Failure, header http.Header) {
	if failure.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(failure.RetryAfter.Seconds())))
	}
}

// deliver writes the response as failure demands.
func deliver(failure fault.Failure, w http.ResponseWriter, r *http.Request, status int, body []byte) {
	switch failure.Kind {
	case fault.KindLoseResponse:
		endConnection(r, fault.Cut())
	case fault.KindLate:
		removeDeadlines(w)
		timer := time.NewTimer(failure.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			endConnection(r, fault.Cut()) // if this just returned, the server would send an empty response with status 200
		}
	case fault.KindCutHalfway:
		if len(body) == 0 { // then only the status could be cut in half
			endConnection(r, fault.Cut())
		}
		w.WriteHeader(status)
		w.Write(body[:len(body)/2])
		http.NewResponseController(w).Flush()
		endConnection(r, fault.Cut())
	}
	w.WriteHeader(status)
	w.Write(body)
}

// removeDeadlines lets the handling of a request take longer than the timeouts
// of the server, which protect it from slow clients. They apply again to the
// next request of the connection.
func removeDeadlines(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	c.SetReadDeadline(time.Time{})
	c.SetWriteDeadline(time.Time{})
}

// endConnection ends the connection and the handling of r.
func endConnection(r *http.Request, failure fault.Failure) {
	conn := network.FromContext(r.Context())
	if failure.Kind == fault.KindCutReset {
		conn.Reset()
	}
	conn.Close()
	panic(http.ErrAbortHandler) // the HTTP server's own way to abort a request
}

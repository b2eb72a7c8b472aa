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

// injectBefore plays the failures without a valid HTTP response: the request
// is not carried out. It reports whether the request goes on.
func injectBefore(how fault.Failure, w http.ResponseWriter, r *http.Request) bool {
	switch how.Kind {
	case fault.KindCut, fault.KindCutReset:
		endConnection(r, how)
	case fault.KindSilence:
		io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)) // only then is it noticed when the client goes
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

// refusalOf returns the refusal that takes the place of carrying out a
// request, nil if there is none.
func refusalOf(how fault.Failure) error {
	if how.Kind != fault.KindStatus {
		return nil
	}
	return huberror.Injected(how.Status)
}

func addRetryAfter(how fault.Failure, header http.Header) {
	if how.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(how.RetryAfter.Seconds())))
	}
}

// deliver writes the response as how would have it.
func deliver(how fault.Failure, w http.ResponseWriter, r *http.Request, status int, body []byte) {
	switch how.Kind {
	case fault.KindLoseResponse:
		endConnection(r, fault.Cut())
	case fault.KindLate:
		timer := time.NewTimer(how.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	case fault.KindCutHalfway:
		if len(body) == 0 { // then there is nothing to cut in half but the status
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

// endConnection ends the connection and the handling of r.
func endConnection(r *http.Request, how fault.Failure) {
	conn := network.FromContext(r.Context())
	if how.Kind == fault.KindCutReset {
		conn.Reset()
	}
	conn.Close()
	panic(http.ErrAbortHandler) // the server's own way out
}

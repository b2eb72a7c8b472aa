package localhub

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"moduletwin/pkg/localhub/fault"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// render completes the header and returns status and body.
func render(header http.Header, request uuid.UUID, result *answer, refused *refusal) (status int, body []byte) {
	header.Set("Server", "Microsoft-HTTPAPI/2.0")
	header.Set("Vary", "Origin")
	header.Set("x-ms-request-id", request.String())
	switch {
	case refused != nil:
		header.Set("iothub-errorcode", refused.name)
		status, body = refused.status, refused.body(request)
	case result.body != nil:
		status, body = result.status, encode(result.body)
	default:
		return result.status, nil
	}
	if result != nil && result.etag != "" {
		header.Set("ETag", `"`+result.etag+`"`)
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return status, body
}

func (h *Hub) logRequest(r *http.Request, status int, by string, refused *refusal) {
	if !h.log.Enabled(r.Context(), slog.LevelWarn) {
		return // nobody reads it
	}
	line := fmt.Sprintf("%s %.600s: %d", r.Method, r.URL.EscapedPath(), status)
	if refused != nil {
		h.log.Warn(line+" "+refused.name, "reason", refused.Error())
		return
	}
	h.log.Info(line, "by", by)
}

// instead returns the refusal that takes the place of carrying out a request.
func instead(how fault.Failure) *refusal {
	if how.Kind == fault.KindStatus {
		return refusalOf(how)
	}
	return nil
}

// playInstead plays the failures that leave a request unanswered, and the
// answer that is none. It reports whether the request goes on.
func playInstead(how fault.Failure, w http.ResponseWriter, r *http.Request) bool {
	switch how.Kind {
	case fault.KindCut, fault.KindCutReset:
		endHTTP(r, how)
	case fault.KindSilence:
		io.Copy(io.Discard, io.LimitReader(r.Body, maxBody)) // only then is it noticed when the client goes
		<-r.Context().Done()
		endHTTP(r, fault.Cut())
	case fault.KindGarbage:
		w.Header().Set("Content-Type", "text/html")
		w.Write(garbage)
	default:
		return true
	}
	return false
}

// deliver writes the answer as how would have it.
func deliver(how fault.Failure, w http.ResponseWriter, r *http.Request, status int, body []byte) {
	switch how.Kind {
	case fault.KindLoseResponse:
		endHTTP(r, fault.Cut())
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
			endHTTP(r, fault.Cut())
		}
		w.WriteHeader(status)
		w.Write(body[:len(body)/2])
		http.NewResponseController(w).Flush()
		endHTTP(r, fault.Cut())
	}
	w.WriteHeader(status)
	w.Write(body)
}

// endHTTP ends the connection and the handling of r.
func endHTTP(r *http.Request, how fault.Failure) {
	w := r.Context().Value(wireKey{}).(*wire)
	if how.Kind == fault.KindCutReset {
		w.reset()
	}
	w.Close()
	panic(http.ErrAbortHandler) // the server's own way out
}

// wireKey finds, in a request's context, the connection it came over.
type wireKey struct{}

func withWire(ctx context.Context, w *wire) context.Context {
	return context.WithValue(ctx, wireKey{}, w)
}

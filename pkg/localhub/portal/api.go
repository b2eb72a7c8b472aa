package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"moduletwin/pkg/iothub"
)

const (
	maxRequest = 1 << 20          // bytes
	maxWait    = 20 * time.Second // for the hub, retries included
)

// jsonHandler makes a handler from a function. The response is what the
// function returns, as JSON.
func (p *Portal) jsonHandler(handle func(*Portal, *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), maxWait)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		response, err := handle(p, r.WithContext(ctx))
		status := http.StatusOK
		if err != nil {
			failed := describe(err)
			status, response = failed.Status, failed
		}
		writeJSON(w, status, response)
	})
}

func writeJSON(w http.ResponseWriter, status int, response any) {
	text, err := json.Marshal(response)
	if err != nil {
		http.Error(w, "portal: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text)
}

// failure is an error as the page sees it.
type failure struct {
	Status   int       `json:"status"`
	Code     string    `json:"code"`    // the hub's error code, or one of this package
	Message  string    `json:"message"` // the hub's message, or one of this package
	Conflict *conflict `json:"conflict,omitempty"`
}

func (f *failure) Error() string {
	return fmt.Sprintf("portal: %d %s: %s", f.Status, f.Code, f.Message)
}

func failf(status int, code, format string, args ...any) error {
	return &failure{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// describe returns what to tell the page about err.
func describe(err error) *failure {
	if f := (*failure)(nil); errors.As(err, &f) {
		return f
	}
	if refused := (*iothub.Error)(nil); errors.As(err, &refused) {
		return &failure{Status: refused.StatusCode, Code: refused.Code, Message: refused.Message}
	}
	if errors.Is(err, iothub.ErrInvalid) {
		return &failure{Status: http.StatusBadRequest, Code: "Invalid", Message: err.Error()}
	}
	return &failure{Status: http.StatusBadGateway, Code: "Unreachable", Message: err.Error()}
}

// identityID names the device or module that a request is about, in its query or
// its body.
type identityID struct {
	Device string `json:"device"`
	Module string `json:"module"`
}

func inQuery(r *http.Request) identityID {
	return identityID{r.URL.Query().Get("device"), r.URL.Query().Get("module")}
}

// decode reads the body of a request. Numbers stay as they were written.
func decode(r *http.Request, into any) error {
	in := json.NewDecoder(r.Body)
	in.UseNumber()
	if err := in.Decode(into); err != nil {
		return failf(http.StatusBadRequest, "Invalid", "the request is malformed: %v", err)
	}
	return nil
}

func missing(id identityID) error {
	if id.Module != "" {
		return failf(http.StatusNotFound, "ModuleNotFound", "There is no module %q on device %q.", id.Module, id.Device)
	}
	return failf(http.StatusNotFound, "DeviceNotFound", "There is no device %q.", id.Device)
}

package iothub

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"moduletwin/pkg/internal/errorbody"
	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/internal/printable"
	"moduletwin/pkg/internal/waitlog"
)

const (
	requestTimeout = 20 * time.Second // one request and its response
	slowAfter      = 3 * time.Second  // after that, the log says that there is no response yet
	maxBody        = 16 << 20         // bytes of a response; a thousand identities need about one MiB
	maxHeader      = 64 << 10         // bytes
)

// do carries out op and decodes the response.
func do[T any](ctx context.Context, r *Registry, op operation) (T, error) {
	var decoded, none T
	body, err := r.send(ctx, op)
	if err != nil {
		return none, err
	}
	if err := json.Unmarshal(body, &decoded); err != nil { // %v, so that a bad key in a response does not match ErrInvalid
		return none, fmt.Errorf("iothub: %s: the hub accepted it, but its response cannot be read: %v", op.name, err)
	}
	if err := op.checkSubject(decoded); err != nil {
		return none, err
	}
	return decoded, nil
}

// outcome is what is known of a request after one attempt.
type outcome int

const (
	succeeded outcome = iota // the hub has carried it out
	rejected                 // the hub has not carried it out, and would not if asked again
	postponed                // the hub has not carried it out, but may if asked again later
	unknown                  // the response was lost: the hub may have carried it out or not
)

// response is the result of one attempt: a body or an error.
type response struct {
	outcome outcome
	header  http.Header // nil if there was no response
	body    []byte
	err     error
}

// attempt sends the request of op once.
func (r *Registry) attempt(ctx context.Context, op operation) response {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	deadline, _ := ctx.Deadline()
	stop := waitlog.StillWaiting(r.log, op.name, hint.NoAnswer(r.hub.HostName), slowAfter, time.Until(deadline))
	defer stop()
	req, err := r.request(ctx, op)
	if err != nil {
		return response{outcome: rejected, err: invalidf("iothub: %s: %w", op.name, err)}
	}
	resp, err := r.client.Do(req)
	if err != nil {
		failed := response{outcome: unknown, err: r.networkError(op, err)}
		if !connected.Load() || hint.DemandsCertificate(err) || hint.IsMalformedHTTP(err) {
			failed.outcome = rejected
		}
		return failed
	}
	defer resp.Body.Close()
	return r.read(op, resp)
}

// read reads an HTTP response and works out the outcome.
func (r *Registry) read(op operation, resp *http.Response) response {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case resp.StatusCode > 299: // even if the body could not be read
		return response{outcomeOf(resp.StatusCode), resp.Header, nil, r.hubError(op, resp, body, err == nil)}
	case err != nil:
		return response{outcome: unknown, err: r.networkError(op, err)}
	case len(body) > maxBody:
		return response{outcome: rejected, err: fmt.Errorf("iothub: %s: the response is larger than %d MiB", op.name, maxBody>>20)}
	case resp.StatusCode != http.StatusNoContent && !json.Valid(body):
		return response{outcome: rejected, err: &hint.Error{
			Err:  fmt.Errorf("iothub: %s: %d, but %s", op.name, resp.StatusCode, notAHub(resp)),
			Hint: hintNotAHub,
		}}
	}
	return response{succeeded, resp.Header, body, nil}
}

// request returns a new request of op, for one attempt. Package http adds only
// the headers that it cannot do without; see DisableCompression in
// [newTransport].
func (r *Registry) request(ctx context.Context, op operation) (*http.Request, error) {
	var body io.Reader
	if op.text != nil {
		body = bytes.NewReader(op.text)
	}
	req, err := http.NewRequestWithContext(ctx, op.method, op.url(r.hub.HostName), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", r.tokens.get())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "moduletwin")
	req.Header.Set("Request-Id", uuid.NewString())
	if op.text != nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	if op.ifMatch != "" {
		req.Header.Set("If-Match", op.ifMatch)
	}
	return req, nil
}

// networkError returns an error that names the operation, not the URL.
func (r *Registry) networkError(op operation, err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if alert := (*net.OpError)(nil); errors.As(err, &alert) && alert.Op == "remote error" {
		err = alert // without what package http says about how it read the alert
	}
	err = printable.Error(err)
	if r.mayUseProxy {
		err = hint.ThroughProxy(err, r.hub.HostName)
	}
	return fmt.Errorf("iothub: %s: %w", op.name, hint.Network(err, r.hub.HostName))
}

// outcomeOf returns the outcome of a request that was answered with status.
// After a 5xx, the hub may still have carried it out.
func outcomeOf(status int) outcome {
	switch {
	case status == http.StatusTooManyRequests:
		return postponed
	case status >= 500:
		return unknown
	default:
		return rejected
	}
}

// hubError returns an error response as an Error. Even if the body is not the
// hub's but, say, the page of a proxy, the error has the status. whole says
// that the body was read to its end.
func (r *Registry) hubError(op operation, resp *http.Response, body []byte, whole bool) *Error {
	fields := errorbody.Parse(body)
	e := &Error{Op: op.name, StatusCode: resp.StatusCode, Code: fields.Code, Message: fields.Message, TrackingID: fields.TrackingID}
	if name := errorbody.Line(resp.Header.Get("iothub-errorcode")); name != "" {
		e.Code = name
	}
	switch {
	case whole && e.Code == "" && e.Message == "" && (len(body) > 0 || resp.StatusCode != http.StatusUnauthorized):
		e.Message, e.Hint, e.foreign = notAHub(resp), hintNotAHub, len(body) > 0
	case resp.StatusCode == http.StatusUnauthorized:
		e.Hint = r.unauthorizedHint(op, resp)
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Hint = "The hub is getting too many requests at the moment; it will accept more a little later."
	}
	return e
}

// unauthorizedHint guesses the reason for a 401, which the hub does not give: a
// wrong key, a missing permission or a wrong clock. A clock that is fast does no
// harm; one that is slow does when the tokens are already expired.
func (r *Registry) unauthorizedHint(op operation, resp *http.Response) string {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	token, tokenErr := ParseSASToken(resp.Request.Header.Get("Authorization"))
	if err == nil && tokenErr == nil && date.After(token.Expiry) {
		return fmt.Sprintf("The clock of this machine is %v slow, so its SAS tokens have already expired.", time.Until(date).Round(time.Minute))
	}
	policy := r.hub.SharedAccessKeyName
	if lacksPermission(policy, op.permission) {
		return fmt.Sprintf("This needs the permission %s, which policy %q does not have on a new hub: use the connection string of another policy, such as iothubowner.", op.permission, policy)
	}
	return fmt.Sprintf("The key of policy %q is probably wrong: copy the connection string again. If that does not help, the policy lacks the permission %s. The local hub shows the reason in its window.",
		policy, op.permission)
}

// notAHub describes a response that is not an IoT hub's, such as a proxy's page.
func notAHub(resp *http.Response) string {
	kind, _, _ := strings.Cut(cmp.Or(resp.Header.Get("Content-Type"), "of no type"), ";")
	return fmt.Sprintf("the response (%.80q) is not an IoT hub's", kind)
}

const hintNotAHub = "Check HostName in the connection string; a proxy may be answering in its place."

package iothub_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
)

// The responses in the tables below.
var (
	notFound     = says(http.StatusNotFound, `{"Message":"ErrorCode:DeviceNotFound;d"}`)
	exists       = says(http.StatusConflict, `{"Message":"ErrorCode:DeviceAlreadyExists;Conflict"}`)
	changed      = says(http.StatusPreconditionFailed, `{"Message":"ErrorCode:PreconditionFailed;PreconditionFailed"}`)
	unauthorized = says(http.StatusUnauthorized, `{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}`)
	throttled    = says(http.StatusTooManyRequests, `{"Message":"ErrorCode:ThrottlingBacklogTimeout;The request has been throttled."}`)
	serverError  = says(http.StatusInternalServerError, `{"Message":"ErrorCode:ServerError;InternalServerError"}`)
	unavailable  = says(http.StatusServiceUnavailable, "")
	deleted      = says(http.StatusNoContent, "")
	pageNotFound = says(http.StatusNotFound, "<html>not found", "Content-Type", "text/html")
	noHub        = says(http.StatusNotFound, `{"Message":"ErrorCode:IotHubNotFound;h"}`)
)

// device returns a device identity as hubs show it; more adds fields or
// overwrites them.
func device(etag string, more ...string) http.HandlerFunc {
	return says(http.StatusOK, `{"deviceId":"d","etag":"`+etag+`","status":"enabled","statusReason":null,
		"authentication":{"type":"sas","symmetricKey":{"primaryKey":"`+testKey+`","secondaryKey":"AAAA"}}`+strings.Join(more, "")+`}`)
}

// module returns a module identity.
func module(etag, managedBy string) http.HandlerFunc {
	return says(http.StatusOK, `{"deviceId":"d","moduleId":"m","etag":"`+etag+`","managedBy":"`+managedBy+`"}`)
}

// twin returns a twin with the given tags and desired properties.
func twin(etag, tags, desired string) http.HandlerFunc {
	return says(http.StatusOK, `{"deviceId":"d","etag":"`+etag+`","tags":`+tags+`,"properties":{"desired":`+desired+`,"reported":{"$version":1}}}`)
}

// The calls in the tables below.
func getDevice(ctx context.Context, r *iothub.Registry) error {
	_, err := r.GetDevice(ctx, "d")
	return err
}

func createDevice(ctx context.Context, r *iothub.Registry) error {
	device, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d"})
	return orNot(device.ETag == "1", err)
}

func createDisabledDevice(ctx context.Context, r *iothub.Registry) error {
	device, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d", Status: "disabled"})
	return orNot(device.ETag == "1", err)
}

func createDeviceWithKeys(primary, secondary iothub.Key) call {
	return func(ctx context.Context, r *iothub.Registry) error {
		_, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d", Authentication: iothub.Authentication{SymmetricKey: iothub.SymmetricKey{PrimaryKey: primary, SecondaryKey: secondary}}})
		return err
	}
}

func updateDevice(ctx context.Context, r *iothub.Registry) error {
	device, err := r.UpdateDevice(ctx, iothub.Device{DeviceID: "d", ETag: "1", StatusReason: "checked"})
	return orNot(device.ETag == "2", err)
}

func updateDeviceStatus(ctx context.Context, r *iothub.Registry) error {
	device, err := r.UpdateDevice(ctx, iothub.Device{DeviceID: "d", ETag: "1", Status: "Enabled"})
	return orNot(device.ETag == "2", err)
}

func updateDeviceScope(ctx context.Context, r *iothub.Registry) error {
	_, err := r.UpdateDevice(ctx, iothub.Device{DeviceID: "d", ETag: "1", DeviceScope: "s2"})
	return err
}

func updateDeviceQuoted(ctx context.Context, r *iothub.Registry) error {
	device, err := r.UpdateDevice(ctx, iothub.Device{DeviceID: "d", ETag: `"1"`, StatusReason: "checked"})
	return orNot(device.ETag == "2", err)
}

func createModule(ctx context.Context, r *iothub.Registry) error {
	_, err := r.CreateModule(ctx, iothub.Module{DeviceID: "d", ModuleID: "m", ManagedBy: "me"})
	return err
}

func updateModule(ctx context.Context, r *iothub.Registry) error {
	module, err := r.UpdateModule(ctx, iothub.Module{DeviceID: "d", ModuleID: "m", ETag: "1", ManagedBy: "me"})
	return orNot(module.ETag == "2", err)
}

func deleteDevice(ctx context.Context, r *iothub.Registry) error {
	return r.DeleteDevice(ctx, "d", "1")
}

func updateTwin(ctx context.Context, r *iothub.Registry) error {
	twin, err := r.UpdateDeviceTwin(ctx, "d", iothub.TwinPatch{Tags: map[string]any{"room": nil}, Desired: map[string]any{"a": 1, "b": map[string]any{"c": nil}}}, "1")
	return orNot(twin.ETag == "2", err)
}

func updateTwinWhatever(ctx context.Context, r *iothub.Registry) error {
	twin, err := r.UpdateDeviceTwin(ctx, "d", iothub.TwinPatch{Desired: map[string]any{"a": 1}}, "")
	return orNot(twin.ETag == "2", err)
}

func replaceTwin(ctx context.Context, r *iothub.Registry) error {
	twin, err := r.ReplaceDeviceTwin(ctx, "d", iothub.TwinPatch{Desired: map[string]any{"a": 1}}, "1")
	return orNot(twin.ETag == "2", err)
}

// errNotAHub stands for any error that says this.
var errNotAHub = errors.New("the response is not an IoT hub's")

var errResult = errors.New("the call returned something other than what the hub has")

func orNot(right bool, err error) error {
	if err == nil && !right {
		return errResult
	}
	return err
}

// Each row is a call, the responses that it gets and the requests that it
// sends. After a lost response, a check (GET) decides whether a write is sent
// again: it never is without one.
func TestRetries(t *testing.T) {
	const (
		GET, PUT, PATCH, DELETE = http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete

		before      = `{"a":0,"b":{"c":1},"$version":1}`
		ours        = `{"a":1,"b":{},"x":[1],"$version":2}`
		oursWhole   = `{"a":1,"$metadata":{},"$version":2}`
		theirs      = `{"a":7,"b":{"c":1},"$version":2}`
		room, empty = `{"room":4}`, `{}`
	)
	type responses []http.HandlerFunc
	type sends []string
	tests := []struct {
		name      string
		call      call
		responses responses
		sends     sends
		want      error
	}{
		{"read: throttled", getDevice, responses{throttled, throttled, device("1")}, sends{GET, GET, GET}, nil},
		{"read: 500 and 503", getDevice, responses{serverError, unavailable, device("1")}, sends{GET, GET, GET}, nil},
		{"read: connection lost", getDevice, responses{hangsUp, device("1")}, sends{GET, GET}, nil},
		{"read: connection lost during the response", getDevice, responses{breaksOff, device("1")}, sends{GET, GET}, nil},
		{"read: no response", getDevice, responses{staysSilent, device("1")}, sends{GET, GET}, nil},
		{"read: an error response is final", getDevice, responses{notFound}, sends{GET}, iothub.ErrNotFound},

		{"write: throttled, so not carried out", createDevice, responses{throttled, device("1")}, sends{PUT, PUT}, nil},
		{"write: an error response is final", createDevice, responses{exists}, sends{PUT}, iothub.ErrExists},

		{"create: lost, carried out", createDevice, responses{hangsUp, device("1")}, sends{PUT, GET}, nil},
		{"create: lost, not carried out", createDevice, responses{hangsUp, notFound, device("1")}, sends{PUT, GET, PUT}, nil},
		{"create: lost during the response", createDevice, responses{breaksOff, device("1")}, sends{PUT, GET}, nil},
		{"create: 500, but carried out", createDevice, responses{serverError, device("1")}, sends{PUT, GET}, nil},
		{"create: no response, carried out", createDevice, responses{staysSilent, device("1")}, sends{PUT, GET}, nil},
		{"create: lost, and the check takes three attempts", createDevice, responses{hangsUp, throttled, hangsUp, device("1")}, sends{PUT, GET, GET, GET}, nil},
		{"create: lost twice", createDevice, responses{hangsUp, notFound, serverError, device("1")}, sends{PUT, GET, PUT, GET}, nil},
		{"create: carried out after the check", createDevice, responses{hangsUp, notFound, exists, device("1")}, sends{PUT, GET, PUT, GET}, nil},
		{"create: lost, then throttled", createDevice, responses{hangsUp, notFound, throttled, notFound, device("1")}, sends{PUT, GET, PUT, GET, PUT}, nil},
		{"create: lost, a device with another status is there, so somebody else's", createDisabledDevice,
			responses{hangsUp, device("1"), exists, device("1")}, sends{PUT, GET, PUT, GET}, iothub.ErrExists},
		{"create: lost, a device with another key is there, so somebody else's", createDeviceWithKeys(keys.SecondaryKey, iothub.NewKey([]byte{0, 0, 0})),
			responses{hangsUp, device("1"), exists, device("1")}, sends{PUT, GET, PUT, GET}, iothub.ErrExists},
		{"create: lost, a device with another secondary key is there", createDeviceWithKeys(keys.PrimaryKey, iothub.NewKey([]byte{0, 0, 1})),
			responses{hangsUp, device("1"), exists, device("1")}, sends{PUT, GET, PUT, GET}, iothub.ErrExists},
		{"create: lost, a device with these keys is there", createDeviceWithKeys(keys.PrimaryKey, iothub.NewKey([]byte{0, 0, 0})), responses{hangsUp, device("1")}, sends{PUT, GET}, nil},
		{"create: lost, as asked", createDisabledDevice, responses{hangsUp, device("1", `,"status":"disabled"`)}, sends{PUT, GET}, nil},
		{"create: lost, and not allowed to check: nothing is sent again", createDevice,
			responses{hangsUp, unauthorized}, sends{PUT, GET}, iothub.ErrUnauthorized},

		{"update: lost, carried out; fields that were left out do not count", updateDevice, responses{hangsUp, device("2", `,"statusReason":"checked"`)}, sends{PUT, GET}, nil},
		{"update: lost, carried out; the reason that was left out is gone", updateDeviceStatus, responses{hangsUp, device("2")}, sends{PUT, GET}, nil},
		{"update: lost, the reason that was left out is there: somebody else's", updateDeviceStatus,
			responses{hangsUp, device("2", `,"statusReason":"theirs"`), changed, device("2", `,"statusReason":"theirs"`)}, sends{PUT, GET, PUT, GET}, iothub.ErrPreconditionFailed},
		{"update: lost, another scope is there", updateDeviceScope,
			responses{hangsUp, device("2", `,"deviceScope":"s1"`), changed, device("2", `,"deviceScope":"s1"`)}, sends{PUT, GET, PUT, GET}, iothub.ErrPreconditionFailed},
		{"update with a quoted etag: lost, not carried out", updateDeviceQuoted, responses{hangsUp, device("1", `,"statusReason":"checked"`), device("2")}, sends{PUT, GET, PUT}, nil},
		{"update: lost, not carried out", updateDevice, responses{hangsUp, device("1"), device("2")}, sends{PUT, GET, PUT}, nil},
		{"update: lost, the device was like that before this update", updateDevice,
			responses{hangsUp, device("1", `,"statusReason":"checked"`), device("2")}, sends{PUT, GET, PUT}, nil},
		{"update: carried out after the check", updateDevice,
			responses{hangsUp, device("1"), changed, device("2", `,"statusReason":"checked"`)}, sends{PUT, GET, PUT, GET}, nil},
		{"update: lost, somebody else was faster", updateDevice,
			responses{hangsUp, device("2", `,"statusReason":"theirs"`), changed, device("2", `,"statusReason":"theirs"`)}, sends{PUT, GET, PUT, GET}, iothub.ErrPreconditionFailed},
		{"update: lost, deleted in the meantime", updateDevice, responses{hangsUp, notFound, notFound, notFound}, sends{PUT, GET, PUT, GET}, iothub.ErrNotFound},
		{"create of a module: lost, carried out", createModule, responses{hangsUp, module("1", "me")}, sends{PUT, GET}, nil},
		{"create of a module: lost, somebody else's is there", createModule,
			responses{hangsUp, module("1", "them"), exists, module("1", "them")}, sends{PUT, GET, PUT, GET}, iothub.ErrExists},
		{"update of a module: lost, carried out", updateModule,
			responses{hangsUp, module("2", "me")}, sends{PUT, GET}, nil},
		{"update of a module: lost, the module was like that before this update", updateModule,
			responses{hangsUp, module("1", "me"), module("2", "me")}, sends{PUT, GET, PUT}, nil},

		{"delete: lost, carried out", deleteDevice, responses{hangsUp, notFound}, sends{DELETE, GET}, nil},
		{"delete: lost, not carried out", deleteDevice, responses{hangsUp, device("1"), deleted}, sends{DELETE, GET, DELETE}, nil},
		{"delete: carried out after the check", deleteDevice, responses{hangsUp, device("1"), notFound, notFound}, sends{DELETE, GET, DELETE, GET}, nil},
		{"delete: lost, and a proxy says that nothing is there: no proof", deleteDevice, responses{hangsUp, pageNotFound}, sends{DELETE, GET}, errNotAHub},
		{"delete: lost, and there is no such hub: no proof", deleteDevice, responses{hangsUp, noHub}, sends{DELETE, GET}, iothub.ErrNotFound},
		{"delete: it was never there", deleteDevice, responses{notFound}, sends{DELETE}, iothub.ErrNotFound},
		{"delete: lost, changed by somebody else", deleteDevice, responses{hangsUp, device("2"), changed, device("2")}, sends{DELETE, GET, DELETE, GET}, iothub.ErrPreconditionFailed},

		{"twin: lost, carried out", updateTwin, responses{hangsUp, twin("2", empty, ours)}, sends{PATCH, GET}, nil},
		{"twin: lost, not carried out", updateTwin, responses{hangsUp, twin("1", room, before), twin("2", empty, ours)}, sends{PATCH, GET, PATCH}, nil},
		{"twin: 503, but carried out", updateTwin, responses{unavailable, twin("2", empty, ours)}, sends{PATCH, GET}, nil},
		{"twin: carried out after the check, which is not somebody else's change", updateTwin,
			responses{hangsUp, twin("1", room, before), changed, twin("2", empty, ours)}, sends{PATCH, GET, PATCH, GET}, nil},
		{"twin: lost, somebody else was faster", updateTwin,
			responses{hangsUp, twin("2", empty, theirs), changed, twin("2", empty, theirs)}, sends{PATCH, GET, PATCH, GET}, iothub.ErrPreconditionFailed},
		{"twin: lost, somebody else changed the tags only", updateTwin,
			responses{hangsUp, twin("2", room, ours), changed, twin("2", room, ours)}, sends{PATCH, GET, PATCH, GET}, iothub.ErrPreconditionFailed},
		{"twin: changed by somebody else, nothing lost", updateTwin, responses{changed}, sends{PATCH}, iothub.ErrPreconditionFailed},
		{"twin: throttled, then changed by somebody else", updateTwin, responses{throttled, changed}, sends{PATCH, PATCH}, iothub.ErrPreconditionFailed},
		{"twin: lost, and not allowed to check: no guess", updateTwin, responses{hangsUp, unauthorized}, sends{PATCH, GET}, iothub.ErrUnauthorized},
		{"twin without condition: lost, carried out", updateTwinWhatever, responses{hangsUp, twin("2", empty, ours)}, sends{PATCH, GET}, nil},
		{"twin without condition: lost, not carried out", updateTwinWhatever, responses{hangsUp, twin("1", empty, before), twin("2", empty, ours)}, sends{PATCH, GET, PATCH}, nil},

		{"replace: lost, carried out", replaceTwin, responses{hangsUp, twin("2", empty, oursWhole)}, sends{PUT, GET}, nil},
		{"replace: lost, not carried out", replaceTwin, responses{hangsUp, twin("1", room, before), twin("2", empty, oursWhole)}, sends{PUT, GET, PUT}, nil},
		{"replace: lost, more is there than was sent", replaceTwin,
			responses{hangsUp, twin("2", empty, ours), changed, twin("2", empty, ours)}, sends{PUT, GET, PUT, GET}, iothub.ErrPreconditionFailed},
		{"replace: lost, tags are there", replaceTwin,
			responses{hangsUp, twin("2", room, oursWhole), changed, twin("2", room, oursWhole)}, sends{PUT, GET, PUT, GET}, iothub.ErrPreconditionFailed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := serve(t, test.responses...)
				err := test.call(t.Context(), hub.registry(t, nil))
				if test.want == errNotAHub && err != nil && strings.Contains(err.Error(), "is not an IoT hub's") {
					err = errNotAHub
				}
				if !errors.Is(err, test.want) {
					t.Errorf("got error %v, want %v", err, test.want)
				}
				if sent := hub.methods(); !slices.Equal(sent, test.sends) {
					t.Errorf("sent %v, want %v", sent, test.sends)
				}
				checkTheSameIsSentAgain(t, hub.requests())
			})
		})
	}
}

// checkTheSameIsSentAgain checks that all requests go to the same path, and
// that a request is sent again with the same condition and body.
func checkTheSameIsSentAgain(t *testing.T, sent []request) {
	t.Helper()
	for _, r := range sent[1:] {
		if r.uri != sent[0].uri {
			t.Errorf("%s went to %s, the first request to %s", r.method, r.uri, sent[0].uri)
		}
		if r.method == sent[0].method && (r.body != sent[0].body || !reflect.DeepEqual(r.header["If-Match"], sent[0].header["If-Match"])) {
			t.Errorf("sent again as %+v, first as %+v", r, sent[0])
		}
	}
}

// If the check fails too, the error says that the outcome is unknown.
func TestInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := updateTwin(t.Context(), serve(t, hangsUp, unauthorized).registry(t, nil))
		const (
			want = `iothub: update twin of device "d": 401 IotHubUnauthorizedAccess: Unauthorized; a response was lost: the hub may have carried out the request anyway`
			hint = `The key of policy "service" is probably wrong: copy the connection string again. If that does not help, the policy lacks the permission Service Connect. The local hub shows the reason in its window.`
		)
		if err == nil || err.Error() != want || iothub.Hint(err) != hint {
			t.Errorf("got\n%v\n%s\nwant\n%s\n%s", err, iothub.Hint(err), want, hint)
		}
		if !errors.Is(err, iothub.ErrOutcomeUnknown) {
			t.Error("it does not match ErrOutcomeUnknown")
		}
	})
	synctest.Test(t, func(t *testing.T) { // checking needs another permission than creating
		err := createDevice(t.Context(), serve(t, hangsUp, unauthorized).registry(t, nil))
		if !strings.Contains(iothub.Hint(err), "the permission Registry Read,") {
			t.Errorf("got %v, hint %q", err, iothub.Hint(err))
		}
	})
}

func TestRetryAfter(t *testing.T) {
	tests := []struct {
		name, value string
		least, most time.Duration
		want        error
	}{
		{"none: a short pause", "", 100 * time.Millisecond, 200 * time.Millisecond, nil},
		{"seconds", "7", 7 * time.Second, 7 * time.Second, nil},
		{"a date", "Sat, 01 Jan 2000 00:00:09 GMT", 9 * time.Second, 9 * time.Second, nil},
		{"a date in the past", "Fri, 31 Dec 1999 23:00:00 GMT", 100 * time.Millisecond, 200 * time.Millisecond, nil},
		{"nonsense", "soon", 100 * time.Millisecond, 200 * time.Millisecond, nil},
		{"negative", "-1", 100 * time.Millisecond, 200 * time.Millisecond, nil},
		{"longer than a call may take", "61", 0, 0, iothub.ErrThrottled},
		{"a day", "86400", 0, 0, iothub.ErrThrottled},
		{"the next day", "Sun, 02 Jan 2000 00:00:00 GMT", 0, 0, iothub.ErrThrottled},
	}
	for _, test := range tests {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(test.name+", "+http.StatusText(status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // whose clock starts with the year 2000
					responses := []http.HandlerFunc{says(status, "", "Retry-After", test.value), device("1")}
					if test.want != nil {
						responses = responses[:1]
					}
					start := time.Now()
					err := getDevice(t.Context(), serve(t, responses...).registry(t, nil))
					if (err != nil) != (test.want != nil) || status == http.StatusTooManyRequests && !errors.Is(err, test.want) {
						t.Errorf("got error %v, want %v", err, test.want)
					}
					if took := time.Since(start); took < test.least || took > test.most {
						t.Errorf("took %v, want %v to %v", took, test.least, test.most)
					}
				})
			})
		}
	}
}

// If the hub stays down, a call gives up within a minute, but not too soon, and
// sends few requests.
func TestTimeLimit(t *testing.T) {
	for name, response := range map[string]http.HandlerFunc{"503": unavailable, "no response": staysSilent, "hangs up": hangsUp} {
		for name, call := range map[string]call{name + ", read": getDevice, name + ", write": createDevice} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hub := serve(t)
					hub.always = response
					start := time.Now()
					err := call(t.Context(), hub.registry(t, nil))
					if took := time.Since(start); err == nil || took < 40*time.Second || took > time.Minute {
						t.Errorf("after %v: %v", took, err)
					}
					if n := len(hub.requests()); n < 3 || n > 30 {
						t.Errorf("%d requests in a minute", n)
					}
				})
			})
		}
	}
}

func TestCancel(t *testing.T) {
	cause := errors.New("changed my mind")
	tests := []struct {
		name     string
		response http.HandlerFunc
		after    time.Duration
		logs     int // lines that say "trying again"
		want     string
	}{
		{"before anything was sent", nil, 0, 0, `iothub: get device "d": `},
		{"while waiting for the response", staysSilent, time.Second, 0, `iothub: get device "d": `},
		{"while pausing", says(http.StatusTooManyRequests, `{"Message":"ErrorCode:ThrottlingBacklogTimeout;Wait."}`, "Retry-After", "30"), time.Second, 1,
			`; the last attempt: iothub: get device "d": 429 ThrottlingBacklogTimeout: Wait.`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, cause := range []error{context.Canceled, cause} {
				synctest.Test(t, func(t *testing.T) {
					var responses []http.HandlerFunc
					if test.response != nil {
						responses = append(responses, test.response)
					}
					var logged strings.Builder
					registry := serve(t, responses...).registry(t, &iothub.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
					ctx, cancel := context.WithCancelCause(t.Context())
					if test.after == 0 {
						cancel(cause)
					}
					time.AfterFunc(test.after, func() { cancel(cause) })
					start := time.Now()
					err := getDevice(ctx, registry)
					if !errors.Is(err, cause) || !strings.Contains(err.Error(), test.want) || strings.Count(err.Error(), cause.Error()) != 1 {
						t.Errorf("got %v, want %v that says %q", err, cause, test.want)
					}
					if n := strings.Count(logged.String(), "\n"); n != test.logs {
						t.Errorf("%d lines were logged, want %d:\n%s", n, test.logs, &logged)
					}
					if took := time.Since(start); took != test.after {
						t.Errorf("took %v, want %v", took, test.after)
					}
				})
			}
		})
	}
}

// If the deadline leaves no time for another attempt, the call returns the
// error at once: it says more than "deadline exceeded".
func TestDeadlineBeforeNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		err := getDevice(ctx, serve(t, throttled).registry(t, nil))
		if took := time.Since(start); !errors.Is(err, iothub.ErrThrottled) || took != 0 {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

package iothub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/iothub"
)

// Each row is a response and the error made from it: the operation, the status,
// the hub's error code and its message.
func TestErrors(t *testing.T) {
	const (
		permission = "This needs the permission Registry Read, which policy \"service\" does not have on a new hub: use the connection string of another policy, such as iothubowner."
		notAHub    = "Check HostName in the connection string; a proxy may be answering in its place."
		tracking   = "bc3f7b3e1c7d4d0c9fbd4a9a8f1d2e3c-G:20-TimeStamp:02/05/2021 10:03:38"
	)
	html := []string{"Content-Type", "text/html; charset=utf-8"}
	tests := []struct {
		name     string
		response http.HandlerFunc
		want     string // after the operation
		is       error
		as       iothub.Error // the fields that come from the response
	}{
		{"the hub's usual form",
			says(404, `{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:`+tracking+`"}`, "iothub-errorcode", "DeviceNotFound"),
			"404 DeviceNotFound: d", iothub.ErrNotFound, iothub.Error{StatusCode: 404, Code: "DeviceNotFound", Message: "d", TrackingID: tracking}},
		{"JSON in a string, with a numeric code that has a name",
			says(404, `{"Message":"{\"errorCode\":404103,\"trackingId\":\"`+tracking+`\",\"message\":\"Timed out waiting for device to connect.\",\"info\":{}}","ExceptionMessage":""}`),
			"404 DeviceNotOnline: Timed out waiting for device to connect.", iothub.ErrNotFound, iothub.Error{StatusCode: 404, Code: "DeviceNotOnline", Message: "Timed out waiting for device to connect.", TrackingID: tracking}},
		{"JSON, with a numeric code that has a name",
			says(409, `{"errorCode":409301,"message":"Device d in IotHub h already contains Module m.","trackingId":"`+tracking+`","info":null}`),
			"409 ModuleAlreadyExistsOnDevice: Device d in IotHub h already contains Module m.", iothub.ErrExists, iothub.Error{StatusCode: 409, Code: "ModuleAlreadyExistsOnDevice", Message: "Device d in IotHub h already contains Module m.", TrackingID: tracking}},
		{"the code in the header takes precedence",
			says(404, `{"errorCode":404001,"message":"gone"}`, "iothub-errorcode", "DeviceNotFound"),
			"404 DeviceNotFound: gone", iothub.ErrNotFound, iothub.Error{StatusCode: 404, Code: "DeviceNotFound", Message: "gone"}},
		{"the code in the header only", says(412, "", "iothub-errorcode", "PreconditionFailed"),
			"412 PreconditionFailed", iothub.ErrPreconditionFailed, iothub.Error{StatusCode: 412, Code: "PreconditionFailed"}},
		{"a message that repeats the status", says(400, `{"Message":"ErrorCode:ArgumentNull;BadRequest"}`),
			"400 ArgumentNull: BadRequest", iothub.ErrBadRequest, iothub.Error{StatusCode: 400, Code: "ArgumentNull", Message: "BadRequest"}},
		{"a message of several lines becomes one line", says(400, `{"Message":"ErrorCode:ArgumentInvalid;one\r\n  two\tthree"}`),
			"400 ArgumentInvalid: one two three", iothub.ErrBadRequest, iothub.Error{StatusCode: 400, Code: "ArgumentInvalid", Message: "one two three"}},
		{"a message that is too long", says(403, `{"Message":"ErrorCode:DeviceModelMaxPropertiesExceeded;`+strings.Repeat("x", 400)+`"}`),
			"403 DeviceModelMaxPropertiesExceeded: " + strings.Repeat("x", 300) + "…", iothub.ErrForbidden,
			iothub.Error{StatusCode: 403, Code: "DeviceModelMaxPropertiesExceeded", Message: strings.Repeat("x", 300) + "…"}},

		{"401: the permission that is needed", says(401, `{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}`),
			"401 IotHubUnauthorizedAccess: Unauthorized", iothub.ErrUnauthorized, iothub.Error{StatusCode: 401, Code: "IotHubUnauthorizedAccess", Message: "Unauthorized", Hint: permission}},
		{"401: this clock is so slow that tokens have expired", unauthorizedAt(61 * time.Minute),
			"401 IotHubUnauthorizedAccess", iothub.ErrUnauthorized, iothub.Error{StatusCode: 401, Code: "IotHubUnauthorizedAccess", Hint: "The clock of this machine is 1h1m0s slow, so its SAS tokens have already expired."}},
		{"401: this clock is fast, which does no harm", unauthorizedAt(-24 * time.Hour),
			"401 IotHubUnauthorizedAccess", iothub.ErrUnauthorized, iothub.Error{StatusCode: 401, Code: "IotHubUnauthorizedAccess", Hint: permission}},
		{"401: this clock is slow, but not the cause", unauthorizedAt(59 * time.Minute),
			"401 IotHubUnauthorizedAccess", iothub.ErrUnauthorized, iothub.Error{StatusCode: 401, Code: "IotHubUnauthorizedAccess", Hint: permission}},
		{"401 in HTML", says(401, "<html>who are you?", html...),
			`401 Unauthorized: the response ("text/html") is not an IoT hub's`, nil, iothub.Error{StatusCode: 401, Message: `the response ("text/html") is not an IoT hub's`, Hint: notAHub}},

		{"empty body without a Content-Type", says(404, ""),
			`404 NotFound: the response ("of no type") is not an IoT hub's`, iothub.ErrNotFound, iothub.Error{StatusCode: 404, Message: `the response ("of no type") is not an IoT hub's`, Hint: notAHub}},
		{"HTML", says(403, "<html>no", html...),
			`403 Forbidden: the response ("text/html") is not an IoT hub's`, nil, iothub.Error{StatusCode: 403, Message: `the response ("text/html") is not an IoT hub's`, Hint: notAHub}},
		{"JSON of another service", says(400, `{"error":{"code":7}}`, "Content-Type", "application/json"),
			`400 BadRequest: the response ("application/json") is not an IoT hub's`, nil, iothub.Error{StatusCode: 400, Message: `the response ("application/json") is not an IoT hub's`, Hint: notAHub}},
		{"a redirect is not followed", says(302, "", "Location", "https://"+serverName+"/login", "Content-Type", "text/html"),
			`302 Found: the response ("text/html") is not an IoT hub's`, nil, iothub.Error{StatusCode: 302, Message: `the response ("text/html") is not an IoT hub's`, Hint: notAHub}},
		{"the status counts even if the body breaks off", brokenNotFound,
			`404 NotFound`, iothub.ErrNotFound, iothub.Error{StatusCode: 404}},
		{"an unknown numeric code stays", says(409, `{"errorCode":409999,"message":"busy"}`),
			"409 409999: busy", iothub.ErrExists, iothub.Error{StatusCode: 409, Code: "409999", Message: "busy"}},
		{"a code with characters that a terminal interprets", says(400, "", "iothub-errorcode", "\u009b31mRed\u202e"),
			`400 \u009b31mRed\u202e`, iothub.ErrBadRequest, iothub.Error{StatusCode: 400, Code: `\u009b31mRed\u202e`}},
		{"a code that is too long", says(400, "", "iothub-errorcode", strings.Repeat("x", 5000)),
			"400 " + strings.Repeat("x", 300) + "…", iothub.ErrBadRequest, iothub.Error{StatusCode: 400, Code: strings.Repeat("x", 300) + "…"}},
		{"a status without a name", says(499, `{"Message":"ErrorCode:;"}`),
			`499: the response ("text/plain") is not an IoT hub's`, nil, iothub.Error{StatusCode: 499, Message: `the response ("text/plain") is not an IoT hub's`, Hint: notAHub}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := getDevice(t.Context(), serve(t, test.response).registry(t, nil))
				if want := `iothub: get device "d": ` + test.want; err == nil || err.Error() != want {
					t.Errorf("got\n%v\nwant\n%s", err, want)
				}
				if test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("it does not match %v", test.is)
				}
				for _, other := range []error{iothub.ErrBadRequest, iothub.ErrUnauthorized, iothub.ErrForbidden, iothub.ErrNotFound, iothub.ErrExists, iothub.ErrPreconditionFailed, iothub.ErrThrottled, iothub.ErrInvalid} {
					if other != test.is && errors.Is(err, other) {
						t.Errorf("it matches %v", other)
					}
				}
				var as *iothub.Error
				if !errors.As(err, &as) {
					t.Fatalf("it is a %T", err)
				}
				if got := (iothub.Error{StatusCode: as.StatusCode, Code: as.Code, Message: as.Message, TrackingID: as.TrackingID, Hint: as.Hint}); got != test.as {
					t.Errorf("got %+v, want %+v", got, test.as)
				}
				if hint := iothub.Hint(err); hint != test.as.Hint {
					t.Errorf("the hint is %q", hint)
				}
			})
		})
	}
}

// unauthorizedAt answers 401 with a Date that is ahead of the local clock.
func unauthorizedAt(ahead time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
		says(http.StatusUnauthorized, "", "Date", date, "iothub-errorcode", "IotHubUnauthorizedAccess")(w, r)
	}
}

func brokenNotFound(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "100")
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, `{"Message":"Err`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// A successful response that makes no sense is an error, but neither an
// [*iothub.Error] nor the user's fault.
func TestNonsense(t *testing.T) {
	tests := []struct {
		name     string
		response http.HandlerFunc
		want     string
	}{
		{"a page", says(200, "<html>Welcome", "Content-Type", "text/html"), `200, but the response ("text/html") is not an IoT hub's`},
		{"nothing", says(200, ""), `200, but the response ("of no type") is not an IoT hub's`},
		{"204 where an identity is expected", says(204, ""), "the hub accepted it, but its response cannot be read: unexpected end of JSON input"},
		{"JSON of another shape", says(200, `[1]`), "the hub accepted it, but its response cannot be read: json: cannot unmarshal array"},
		{"an invalid key", says(200, `{"authentication":{"symmetricKey":{"primaryKey":"k3y+of+the+wrong/kind"}}}`), "the hub accepted it, but its response cannot be read: the key is incomplete"},
		{"an invalid time", says(200, `{"lastActivityTime":"yesterday"}`), `the hub accepted it, but its response cannot be read: "yesterday" is not a time`},
		{"17 MiB", huge, "the response is larger than 16 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := getDevice(t.Context(), serve(t, test.response).registry(t, nil))
			if want := `iothub: get device "d": ` + test.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("got\n%v\nwant\n%s", err, want)
			}
			if errors.Is(err, iothub.ErrInvalid) || errors.As(err, new(*iothub.Error)) || strings.Contains(err.Error(), "k3y") {
				t.Errorf("%v matches ErrInvalid, is an *Error or shows the key", err)
			}
		})
	}
}

func huge(w http.ResponseWriter, _ *http.Request) {
	for range 17 {
		if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
			return
		}
	}
}

// A request is tried again after a proxy's 502; the final error still says 502.
func TestBadGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := serve(t)
		hub.always = says(502, "<html>Bad Gateway", "Content-Type", "text/html")
		err := getDevice(t.Context(), hub.registry(t, nil))
		var hubErr *iothub.Error
		if !errors.As(err, &hubErr) || hubErr.StatusCode != 502 || !strings.HasPrefix(err.Error(), `iothub: get device "d": 502 BadGateway: the response ("text/html") is not an IoT hub's`) {
			t.Errorf("got %v", err)
		}
	})
}

// The hint for a 401 names the permission that the call needs.
func TestMissingPermission(t *testing.T) {
	get := func(_ any, err error) error { return err }
	tests := []struct {
		permission string
		call       call
	}{
		{"Registry Write", func(ctx context.Context, r *iothub.Registry) error {
			return get(r.CreateDevice(ctx, iothub.Device{DeviceID: "d"}))
		}},
		{"Registry Write", func(ctx context.Context, r *iothub.Registry) error {
			return get(r.UpdateModule(ctx, iothub.Module{DeviceID: "d", ModuleID: "m"}))
		}},
		{"Registry Write", func(ctx context.Context, r *iothub.Registry) error { return r.DeleteModule(ctx, "d", "m", "") }},
		{"Registry Read", func(ctx context.Context, r *iothub.Registry) error { return get(r.GetModule(ctx, "d", "m")) }},
		{"Registry Read", func(ctx context.Context, r *iothub.Registry) error { return get(r.ListDevices(ctx)) }},
		{"Registry Read", func(ctx context.Context, r *iothub.Registry) error { return get(r.ListModules(ctx, "d")) }},
		{"Service Connect", func(ctx context.Context, r *iothub.Registry) error { return get(r.GetModuleTwin(ctx, "d", "m")) }},
		{"Service Connect", func(ctx context.Context, r *iothub.Registry) error {
			return get(r.ReplaceDeviceTwin(ctx, "d", iothub.TwinPatch{}, ""))
		}},
	}
	for _, test := range tests {
		err := test.call(t.Context(), serve(t, unauthorized).registry(t, nil))
		if !strings.Contains(iothub.Hint(err), "the permission "+test.permission) {
			t.Errorf("got %v, hint %q, want one that names %s", err, iothub.Hint(err), test.permission)
		}
	}
}

func TestErrorMatchesSentinelsOnly(t *testing.T) {
	err := fmt.Errorf("wrapped: %w", &iothub.Error{Op: "get device", StatusCode: 404, Code: "DeviceNotFound"})
	if !errors.Is(err, iothub.ErrNotFound) {
		t.Error("it does not match the sentinel of its status")
	}
	if errors.Is(err, &iothub.Error{Op: "get module", StatusCode: 404}) {
		t.Error("it matches another Error of the same status")
	}
	if got := iothub.ErrNotFound.Error(); got != "iothub: 404 NotFound" {
		t.Errorf("the sentinel reads %q", got)
	}
}

// Hint finds the hints anywhere in an error, the innermost first.
func TestHint(t *testing.T) {
	unauthorized := &iothub.Error{Op: "get device", StatusCode: 401, Hint: "Copy it again."}
	late := hint.Network(context.DeadlineExceeded, "hub.example")
	const lateHint = "No answer in time. Check the network; a firewall may be dropping the packets."
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"none", errors.New("x"), ""},
		{"no error", nil, ""},
		{"of an error response", unauthorized, "Copy it again."},
		{"of the network", late, lateHint},
		{"wrapped", fmt.Errorf("a: %w", fmt.Errorf("b: %w", unauthorized)), "Copy it again."},
		{"one of two", fmt.Errorf("%w; the last attempt: %w", context.Canceled, unauthorized), "Copy it again."},
		{"two", errors.Join(late, unauthorized), lateHint + " Copy it again."},
		{"one around another", &hint.Error{Err: unauthorized, Hint: "Or ask."}, "Copy it again. Or ask."},
		{"an error response without one", &iothub.Error{StatusCode: 404}, ""},
	} {
		if got := iothub.Hint(test.err); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// No failure puts the key or a signature into an error or the log.
func TestNoSecretInErrorsAndLogs(t *testing.T) {
	everything := []http.HandlerFunc{hangsUp, throttled, serverError, breaksOff, unauthorized}
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		hub := serve(t, everything...)
		err := getDevice(t.Context(), hub.registry(t, &iothub.Options{Logger: logger}))
		if lines := strings.Count(out.String(), "\n"); lines != len(everything)-1 {
			t.Errorf("%d lines, want one for each of the %d pauses:\n%s", lines, len(everything)-1, &out)
		}
		fmt.Fprintf(&out, "%v %+v", err, err)
		token := hub.requests()[0].header.Get("Authorization")
		signature := token[strings.Index(token, "sig=")+4:][:10]
		for _, secret := range []string{testKey[:8], signature, "SharedAccessSignature"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%q is in\n%s", secret, &out)
			}
		}
	})
}

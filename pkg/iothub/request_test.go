package iothub_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"moduletwin/pkg/iothub"
)

// Each row is a call and the request that it has to send: the request line, the
// headers that not all requests have, and the body. The forms are documented at
// https://learn.microsoft.com/rest/api/iothub/service.
func TestRequestFormat(t *testing.T) {
	const (
		hard        = "a#b%c?d+e;f=g@h$i!j'k(l)m*n,o:p_q.r-s" // every special character that ids may have
		hardEscaped = "a%23b%25c%3Fd%2Be%3Bf%3Dg%40h%24i%21j%27k%28l%29m%2An%2Co%3Ap_q.r-s"
	)
	key := iothub.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	patch := iothub.TwinPatch{Tags: map[string]any{"room": "<4>"}, Desired: map[string]any{"interval": 122, "old": nil}}
	tests := []struct {
		name string
		call call
		want string
	}{
		{"CreateDevice", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d"})
			return err
		}, "PUT /devices/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\n\n" +
			`{"deviceId":"d"}`},
		{"CreateDevice, every field", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d", Status: "disabled", StatusReason: "later",
				Authentication: iothub.Authentication{Type: "sas", SymmetricKey: iothub.SymmetricKey{PrimaryKey: key, SecondaryKey: iothub.NewKey(key.Bytes()[:16])}},
				Capabilities:   iothub.Capabilities{IoTEdge: true}, DeviceScope: "s", ParentScopes: []string{"p"}})
			return err
		}, "PUT /devices/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\n\n" +
			`{"deviceId":"d","status":"disabled","statusReason":"later",` +
			`"capabilities":{"iotEdge":true},"deviceScope":"s","parentScopes":["p"],` +
			`"authentication":{"type":"sas","symmetricKey":{"primaryKey":"` + testKey + `","secondaryKey":"MDEyMzQ1Njc4OWFiY2RlZg=="}}}`},
		{"CreateDevice without parents", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d", ParentScopes: []string{}})
			return err
		}, "PUT /devices/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\n\n" +
			`{"deviceId":"d","parentScopes":[]}`},
		{"CreateDevice with certificates", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "d", Authentication: iothub.Authentication{Type: "selfSigned",
				X509Thumbprint: iothub.X509Thumbprint{PrimaryThumbprint: "0A", SecondaryThumbprint: "0B"}}})
			return err
		}, "PUT /devices/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\n\n" +
			`{"deviceId":"d","authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"0A","secondaryThumbprint":"0B"}}}`},
		{"GetDevice", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetDevice(ctx, hard)
			return err
		}, "GET /devices/" + hardEscaped + "?api-version=2021-04-12\n\n"},
		{"UpdateDevice, whatever its ETag is now", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateDevice(ctx, iothub.Device{DeviceID: "d", Status: "enabled"})
			return err
		}, "PUT /devices/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"*\"\n\n" +
			`{"deviceId":"d","status":"enabled"}`},
		{"UpdateDevice, as it was read", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateDevice(ctx, iothub.Device{DeviceID: "d", ETag: "NzUyOTE1Mzk3", GenerationID: "637315715176269591", ConnectionState: "Disconnected",
				StatusUpdatedTime: iothub.Time{Time: time.Date(2020, 9, 1, 20, 58, 36, 204672800, time.UTC)}, CloudToDeviceMessageCount: 1})
			return err
		}, "PUT /devices/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"NzUyOTE1Mzk3\"\n\n" +
			`{"deviceId":"d","generationId":"637315715176269591","etag":"NzUyOTE1Mzk3","statusUpdatedTime":"2020-09-01T20:58:36.2046728Z",` +
			`"connectionState":"Disconnected","cloudToDeviceMessageCount":1}`},
		{"DeleteDevice", func(ctx context.Context, r *iothub.Registry) error {
			return r.DeleteDevice(ctx, hard, "")
		}, "DELETE /devices/" + hardEscaped + "?api-version=2021-04-12\nIf-Match: \"*\"\n\n"},
		{"DeleteDevice, with an ETag that has its quotes already", func(ctx context.Context, r *iothub.Registry) error {
			return r.DeleteDevice(ctx, "d", `"NzUyOTE1Mzk3"`)
		}, "DELETE /devices/d?api-version=2021-04-12\nIf-Match: \"NzUyOTE1Mzk3\"\n\n"},
		{"ListDevices", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.ListDevices(ctx)
			return err
		}, "GET /devices?top=1000&api-version=2021-04-12\n\n"},

		{"CreateModule", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.CreateModule(ctx, iothub.Module{DeviceID: hard, ModuleID: "m", ManagedBy: "me"})
			return err
		}, "PUT /devices/" + hardEscaped + "/modules/m?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\n\n" +
			`{"deviceId":"` + hard + `","moduleId":"m","managedBy":"me"}`},
		{"GetModule", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetModule(ctx, "d", hard)
			return err
		}, "GET /devices/d/modules/" + hardEscaped + "?api-version=2021-04-12\n\n"},
		{"UpdateModule", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateModule(ctx, iothub.Module{DeviceID: "d", ModuleID: "m", ETag: "NA=="})
			return err
		}, "PUT /devices/d/modules/m?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"NA==\"\n\n" +
			`{"deviceId":"d","moduleId":"m","etag":"NA=="}`},
		{"DeleteModule", func(ctx context.Context, r *iothub.Registry) error {
			return r.DeleteModule(ctx, "d", "m", "NA==")
		}, "DELETE /devices/d/modules/m?api-version=2021-04-12\nIf-Match: \"NA==\"\n\n"},
		{"ListModules", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.ListModules(ctx, hard)
			return err
		}, "GET /devices/" + hardEscaped + "/modules?api-version=2021-04-12\n\n"},

		{"GetDeviceTwin", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetDeviceTwin(ctx, hard)
			return err
		}, "GET /twins/" + hardEscaped + "?api-version=2021-04-12\n\n"},
		{"UpdateDeviceTwin, tags only", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateDeviceTwin(ctx, "d", iothub.TwinPatch{Tags: map[string]any{"room": nil}}, "")
			return err
		}, "PATCH /twins/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"*\"\n\n" +
			`{"tags":{"room":null}}`},
		{"ReplaceDeviceTwin with nothing", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.ReplaceDeviceTwin(ctx, "d", iothub.TwinPatch{}, "AAAAAAAAAAE=")
			return err
		}, "PUT /twins/d?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"AAAAAAAAAAE=\"\n\n" +
			`{"tags":{},"properties":{"desired":{}}}`},
		{"GetModuleTwin", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetModuleTwin(ctx, "d", hard)
			return err
		}, "GET /twins/d/modules/" + hardEscaped + "?api-version=2021-04-12\n\n"},
		{"UpdateModuleTwin", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateModuleTwin(ctx, "d", "m", patch, "AAAAAAAAAAE=")
			return err
		}, "PATCH /twins/d/modules/m?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"AAAAAAAAAAE=\"\n\n" +
			`{"tags":{"room":"\u003c4\u003e"},"properties":{"desired":{"interval":122,"old":null}}}`},
		{"UpdateModuleTwin with nothing", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateModuleTwin(ctx, "d", "m", iothub.TwinPatch{}, "")
			return err
		}, "PATCH /twins/d/modules/m?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"*\"\n\n{}"},
		{"ReplaceModuleTwin: both halves are always sent", func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.ReplaceModuleTwin(ctx, "d", "m", iothub.TwinPatch{Desired: map[string]any{"interval": 122}}, "")
			return err
		}, "PUT /twins/d/modules/m?api-version=2021-04-12\nContent-Type: application/json; charset=utf-8\nIf-Match: \"*\"\n\n" +
			`{"tags":{},"properties":{"desired":{"interval":122}}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := serve(t, responseTo(test.want))
				if err := test.call(t.Context(), hub.registry(t, nil)); err != nil {
					t.Fatal(err)
				}
				r := hub.requests()[0]
				if got := requestFormat(r); got != test.want {
					t.Errorf("got\n%s\nwant\n%s", got, test.want)
				}
				checkCommonHeaders(t, r)
			})
		})
	}
}

// responseTo returns the shortest response that the call with this request
// accepts as a success.
func responseTo(requestFormat string) http.HandlerFunc {
	line, _, _ := strings.Cut(requestFormat, "?")
	switch {
	case strings.HasPrefix(line, "DELETE "):
		return says(http.StatusNoContent, "")
	case strings.HasSuffix(line, "/devices"), strings.HasSuffix(line, "/modules"):
		return says(http.StatusOK, "[]")
	default:
		return func(w http.ResponseWriter, r *http.Request) {
			path := append(strings.Split(r.URL.Path, "/"), "", "") // "", "devices", device[, "modules", module], …
			json.NewEncoder(w).Encode(map[string]string{"deviceId": path[2], "moduleId": path[4]})
		}
	}
}

// requestFormat formats r without the headers that all requests have.
func requestFormat(r request) string {
	text := r.method + " " + r.uri + "\n"
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if !slices.Contains(commonHeaders, name) {
			text += name + ": " + strings.Join(r.header[name], ", ") + "\n"
		}
	}
	return text + "\n" + r.body
}

var commonHeaders = []string{"Accept", "Authorization", "Content-Length", "Request-Id", "User-Agent"}

func checkCommonHeaders(t *testing.T, r request) {
	t.Helper()
	token, err := iothub.ParseSASToken(r.header.Get("Authorization"))
	if err != nil || token.Resource != serverName || token.KeyName != "service" || !token.Expiry.Equal(time.Now().Add(time.Hour)) {
		t.Errorf("Authorization: %+v, %v, want the policy's token for an hour", token, err)
	}
	if err := token.Verify(parse(t, policyString).SharedAccessKey, time.Now()); err != nil {
		t.Errorf("Authorization: %v", err)
	}
	if r.host != serverName || r.header.Get("Accept") != "application/json" || r.header.Get("User-Agent") != "moduletwin" {
		t.Errorf("Host %s, headers %v", r.host, r.header)
	}
	if _, err := uuid.Parse(r.header.Get("Request-Id")); err != nil {
		t.Errorf("Request-Id: %v", err)
	}
}

// Input that no hub would accept is not sent.
func TestInvalidInput(t *testing.T) {
	unwritable := iothub.TwinPatch{Desired: map[string]any{"f": func() {}}}
	tests := []struct {
		name, says string
		call       call
	}{
		{"no device id", `iothub: get device "": the device id is empty`, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetDevice(ctx, "")
			return err
		}},
		{"a slash", `iothub: create device "a/b": the device id contains '/'; allowed are ASCII letters, digits and - : . + % _ # * ? ! ( ) , = @ ; $ '`, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.CreateDevice(ctx, iothub.Device{DeviceID: "a/b"})
			return err
		}},
		{"no module id", `iothub: delete module "" on device "d": the module id is empty`, func(ctx context.Context, r *iothub.Registry) error {
			return r.DeleteModule(ctx, "d", "", "")
		}},
		{"the error names a letter, not a byte", `iothub: get twin of device "äöü": the device id contains 'ä'; allowed are`, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetDeviceTwin(ctx, "äöü")
			return err
		}},
		{"not representable as JSON, update", `iothub: update twin of module "m" on device "d": json: `, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.UpdateModuleTwin(ctx, "d", "m", unwritable, "")
			return err
		}},
		{"not representable as JSON, replace", `iothub: replace twin of device "d": json: `, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.ReplaceDeviceTwin(ctx, "d", unwritable, "")
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.call(t.Context(), serve(t).registry(t, nil))
			checkInvalid(t, err, test.says)
		})
	}
}

// A response about something other than what was asked for is an error.
func TestResponseAboutSomethingElse(t *testing.T) {
	const (
		device = `{"deviceId":"other"}`
		module = `{"deviceId":"d","moduleId":"other"}`
	)
	tests := []struct {
		name, body, says string
		call             call
	}{
		{"device", device, `iothub: get device "d": the response is about device "other"`, getDevice},
		{"no device", `{}`, `iothub: get device "d": the response is about no device`, getDevice},
		{"an id that differs in case", `{"deviceId":"D"}`, `the response is about device "D"`, getDevice},
		{"created device", device, `iothub: create device "d": the response is about device "other"`, createDevice},
		{"module", module, `iothub: create module "m" on device "d": the response is about module "other" on device "d"`, createModule},
		{"module of another device", `{"deviceId":"other","moduleId":"m"}`, `the response is about module "m" on device "other"`, createModule},
		{"a device instead of a module", `{"deviceId":"d"}`, `the response is about device "d"`, createModule},
		{"modules", `[{"deviceId":"d","moduleId":"m"},{"deviceId":"other","moduleId":"n"}]`, `iothub: list modules of device "d": the response is about module "n" on device "other"`, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.ListModules(ctx, "d")
			return err
		}},
		{"twin", device, `iothub: update twin of device "d": the response is about device "other"`, updateTwin},
		{"module twin", module, `iothub: get twin of module "m" on device "d": the response is about module "other" on device "d"`, func(ctx context.Context, r *iothub.Registry) error {
			_, err := r.GetModuleTwin(ctx, "d", "m")
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.call(t.Context(), serve(t, says(http.StatusOK, test.body)).registry(t, nil))
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(iothub.Hint(err), "Check HostName") {
				t.Errorf("got %v, hint %q, want %s", err, iothub.Hint(err), test.says)
			}
		})
	}
}

package iothub_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
)

// The files in testdata have the form of recorded responses: two ways to write
// "never", fractions of up to seven digits, null for what is not set.

var keys = iothub.SymmetricKey{
	PrimaryKey:   iothub.NewKey([]byte("0123456789abcdef0123456789abcdef")),
	SecondaryKey: iothub.NewKey([]byte("0123456789abcdef")),
}

func at(nanosecond, second int) iothub.Time {
	return iothub.Time{Time: time.Date(2020, 9, 1, 20, 58, second, nanosecond, time.UTC)}
}

func TestDecodeDevice(t *testing.T) {
	tests := []struct {
		file string
		want iothub.Device
	}{
		{"device_created.json", iothub.Device{
			DeviceID: "myFirstDevice", GenerationID: "637315715176269591", ETag: "NzUyOTE1Mzk3",
			Status: "enabled", ConnectionState: "Disconnected",
			Authentication: iothub.Authentication{Type: "sas", SymmetricKey: keys},
			ParentScopes:   []string{},
		}},
		{"device_x509.json", iothub.Device{
			DeviceID: "gateway", GenerationID: "637315715176269591", ETag: "NTg0MzIwMzg1",
			Status: "disabled", StatusReason: "under repair", StatusUpdatedTime: at(204672800, 36),
			ConnectionState: "Connected", ConnectionStateUpdatedTime: at(483815000, 38), CloudToDeviceMessageCount: 3,
			Authentication: iothub.Authentication{Type: "selfSigned", X509Thumbprint: iothub.X509Thumbprint{
				PrimaryThumbprint:   "0123456789ABCDEF0123456789ABCDEF01234567",
				SecondaryThumbprint: "89ABCDEF0123456789ABCDEF0123456789ABCDEF",
			}},
			Capabilities: iothub.Capabilities{IoTEdge: true}, DeviceScope: "ms-azure-iot-edge://gateway-637315715176269591",
			ParentScopes: []string{"ms-azure-iot-edge://top-637315715176269590"},
		}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			got, err := serve(t, shows(t, test.file)).registry(t, nil).GetDevice(t.Context(), test.want.DeviceID)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestDecodeModule(t *testing.T) {
	got, err := serve(t, shows(t, "module.json")).registry(t, nil).GetModule(t.Context(), "myFirstDevice", "myFirstModule")
	want := iothub.Module{
		DeviceID: "myFirstDevice", ModuleID: "myFirstModule", GenerationID: "637315715176269592", ETag: "NTg0MzIwMzg0",
		ConnectionState: "Disconnected", LastActivityTime: at(0, 36),
		Authentication: iothub.Authentication{Type: "sas", SymmetricKey: keys},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	wantString := "HostName=localhost:8883;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=" + testKey
	if c := got.ConnectionString("localhost:8883"); c.Reveal() != wantString {
		t.Errorf("connection string %s, want %s", c, wantString)
	}
}

func TestDecodeLists(t *testing.T) {
	device, module := read(t, "device_created.json"), read(t, "module.json")
	registry := serve(t,
		says(http.StatusOK, "["+device+","+device+"]"), says(http.StatusOK, "["+module+"]"), says(http.StatusOK, "[]"),
	).registry(t, nil)
	if devices, err := registry.ListDevices(t.Context()); err != nil || len(devices) != 2 || devices[1].DeviceID != "myFirstDevice" {
		t.Errorf("devices: %v, %v", devices, err)
	}
	if modules, err := registry.ListModules(t.Context(), "myFirstDevice"); err != nil || len(modules) != 1 || modules[0].ModuleID != "myFirstModule" {
		t.Errorf("modules: %v, %v", modules, err)
	}
	if none, err := registry.ListDevices(t.Context()); err != nil || len(none) != 0 {
		t.Errorf("no devices: %v, %v", none, err)
	}
}

func TestDecodeTwin(t *testing.T) {
	lastUpdated := func(when string) map[string]any { return map[string]any{"$lastUpdated": when} }
	tests := []struct {
		file string
		get  func(*iothub.Registry) (iothub.Twin, error)
		want iothub.Twin
	}{
		{"twin_module.json", func(r *iothub.Registry) (iothub.Twin, error) {
			return r.GetModuleTwin(t.Context(), "myFirstDevice", "myFirstModule")
		}, iothub.Twin{
			DeviceID: "myFirstDevice", ModuleID: "myFirstModule", ETag: "AAAAAAAAAAI=", DeviceETag: "NTg0MzIwMzg0",
			Status: "enabled", ConnectionState: "Disconnected", AuthenticationType: "sas", Version: 3,
			Properties: iothub.TwinProperties{
				Desired: iothub.Properties{"telemetryInterval": 122.0, "$version": 2.0, "$metadata": map[string]any{
					"$lastUpdated": "2020-09-01T20:58:36.2046728Z", "$lastUpdatedVersion": 2.0,
					"telemetryInterval": map[string]any{"$lastUpdated": "2020-09-01T20:58:36.2046728Z", "$lastUpdatedVersion": 2.0},
				}},
				Reported: iothub.Properties{"$version": 1.0, "$metadata": lastUpdated("0001-01-01T00:00:00Z")},
			},
		}},
		{"twin_device.json", func(r *iothub.Registry) (iothub.Twin, error) {
			return r.GetDeviceTwin(t.Context(), "myFirstDevice")
		}, iothub.Twin{
			DeviceID: "myFirstDevice", ETag: "AAAAAAAAABY=", DeviceETag: "NzUyOTE1Mzk3",
			Status: "disabled", StatusReason: "under repair", StatusUpdateTime: at(204672800, 36),
			ConnectionState: "Connected", LastActivityTime: at(483815000, 38), CloudToDeviceMessageCount: 1,
			AuthenticationType: "sas", ModelID: "dtmi:example:Thermostat;1", Version: 24,
			Tags: map[string]any{"room": map[string]any{"floor": 4.0}, "spare": []any{}},
			Properties: iothub.TwinProperties{
				Desired: iothub.Properties{"list": []any{1.0, "two", map[string]any{"three": true}},
					"$version": 21.0, "$metadata": lastUpdated("2020-09-01T20:58:36.2046728Z")},
				Reported: iothub.Properties{"$version": 2.0, "$metadata": lastUpdated("2020-09-01T20:58:36.2046728Z")},
			},
		}},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			got, err := test.get(serve(t, shows(t, test.file)).registry(t, nil))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestTime(t *testing.T) {
	tests := []struct{ name, json, want string }{
		{"never, from most responses", `"0001-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`},
		{"never, from the response to a create", `"0001-01-01T00:00:00"`, `"0001-01-01T00:00:00Z"`},
		{"never, as null", `null`, `"0001-01-01T00:00:00Z"`},
		{"seven digits", `"2020-09-01T20:58:36.2046728Z"`, `"2020-09-01T20:58:36.2046728Z"`},
		{"six, a zero was dropped", `"2020-09-01T20:58:38.483815Z"`, `"2020-09-01T20:58:38.483815Z"`},
		{"seven digits, no Z", `"2020-09-01T20:58:36.2046728"`, `"2020-09-01T20:58:36.2046728Z"`},
		{"no fraction", `"2020-09-01T20:58:36Z"`, `"2020-09-01T20:58:36Z"`},
		{"an offset", `"2020-09-01T22:58:36.5+02:00"`, `"2020-09-01T20:58:36.5Z"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got iothub.Time
			if err := json.Unmarshal([]byte(test.json), &got); err != nil {
				t.Fatal(err)
			}
			if text, err := json.Marshal(got); string(text) != test.want || err != nil {
				t.Errorf("written as %s, %v, want %s", text, err, test.want)
			}
			if never := strings.HasPrefix(test.name, "never"); got.IsZero() != never {
				t.Errorf("IsZero() = %t", !never)
			}
		})
	}
	for _, wrong := range []string{`""`, `"yesterday"`, `0`, `{}`, `"2020-13-01T00:00:00Z"`, `"2020-09-01 20:58:36"`} {
		if err := json.Unmarshal([]byte(wrong), new(iothub.Time)); err == nil {
			t.Errorf("%s is accepted as a time", wrong)
		}
	}
}

func TestProperties(t *testing.T) {
	p := iothub.Properties{"$version": 3.0, "$metadata": map[string]any{}, "": 1.0, "b": nil, "a": "<>"}
	if got := p.UserProperties(); !reflect.DeepEqual(got, map[string]any{"": 1.0, "b": nil, "a": "<>"}) {
		t.Errorf("UserProperties() = %v", got)
	}
	if got, want := p.String(), `{"":1,"$metadata":{},"$version":3,"a":"<>","b":null}`; got != want {
		t.Errorf("String() = %s, want %s", got, want)
	}
	for _, test := range []struct {
		version any
		want    int64
	}{
		{3.0, 3}, {int64(4), 4}, {5, 5}, {json.Number("6"), 6}, {float64(1<<53 - 1), 1<<53 - 1},
		{nil, 0}, {"7", 0}, {1.5, 0}, {-1.0, 0}, {1e300, 0}, {json.Number("x"), 0},
	} {
		if got := (iothub.Properties{"$version": test.version}).Version(); got != test.want {
			t.Errorf("Version() of %v = %d, want %d", test.version, got, test.want)
		}
	}
}

// FuzzTwin checks that no input makes decoding panic, and that a decoded twin
// stays the same when it is encoded and decoded again.
func FuzzTwin(f *testing.F) {
	f.Add(read(f, "twin_module.json"))
	f.Add(read(f, "twin_device.json"))
	f.Add(`{"statusUpdateTime":"2020-09-01T20:58:36.2046728","version":-1,"tags":{"":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var twin, again iothub.Twin
		if json.Unmarshal([]byte(text), &twin) != nil {
			return
		}
		written, err := json.Marshal(twin)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if rewritten, err := json.Marshal(again); err != nil || string(rewritten) != string(written) {
			t.Errorf("%s is encoded again as %s, %v", written, rewritten, err)
		}
		_ = twin.Properties.Desired.Version()
		_ = twin.Properties.Desired.String()
	})
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

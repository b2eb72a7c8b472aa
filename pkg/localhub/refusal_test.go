package localhub_test

import (
	"encoding/json"
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
)

// TestRefusals lists what the hub refuses, with status, error code and text.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", 129)
	deep := strings.Repeat(`{"a":`, 12) + "1" + strings.Repeat("}", 12)
	key16, key15 := "MDEyMzQ1Njc4OTAxMjM0NQ==", "MDEyMzQ1Njc4OTAxMjM0"
	for _, row := range []struct {
		name, method, path, body, ifMatch string
		status                            int
		code, text                        string
	}{
		{"device exists", "PUT", "/devices/d", `{"deviceId":"d"}`, "", 409, "DeviceAlreadyExists", "A device with ID 'd' is already registered."},
		{"device exists, empty If-Match", "PUT", "/devices/d", `{"deviceId":"d"}`, `""`, 409, "DeviceAlreadyExists", "A device with ID 'd' is already registered."},
		{"module exists", "PUT", "/devices/d/modules/m", `{"deviceId":"d","moduleId":"m"}`, "", 409, "ModuleAlreadyExistsOnDevice", "A module with ID 'm' is already registered on device 'd'."},
		{"no device", "GET", "/devices/x", "", "", 404, "DeviceNotFound", "x"},
		{"no module", "GET", "/devices/d/modules/x", "", "", 404, "ModuleNotFound", "d/x"},
		{"module of no device", "GET", "/twins/x/modules/m", "", "", 404, "DeviceNotFound", "x"},
		{"module for no device", "PUT", "/devices/x/modules/m", `{"deviceId":"x","moduleId":"m"}`, "", 404, "DeviceNotFound", "x"},
		{"update of no device", "PUT", "/devices/x", `{"deviceId":"x"}`, "*", 404, "DeviceNotFound", "x"},
		{"stale etag", "PUT", "/devices/d", `{"deviceId":"d"}`, `"AAAA"`, 412, "PreconditionFailed", "PreconditionFailed"},
		{"stale etag of a twin", "PATCH", "/twins/d/modules/m", `{"tags":{}}`, `"AAAA"`, 412, "PreconditionFailed", "ETag mismatch for device ID 'd'"},
		{"delete without If-Match", "DELETE", "/devices/d", "", "", 412, "PreconditionFailed", "Precondition failed: Invalid ETag"},
		{"delete with a stale etag", "DELETE", "/devices/d/modules/m", "", `"AAAA"`, 412, "PreconditionFailed", "PreconditionFailed"},
		{"ids differ", "PUT", "/devices/a", `{"deviceId":"b"}`, "", 400, "ArgumentInvalid", "deviceId 'b' in the body does not match 'a' in the path."},
		{"id too long", "PUT", "/devices/" + long, `{"deviceId":"` + long + `"}`, "", 400, "ArgumentInvalid", ""},
		{"id with a space", "PUT", "/devices/a%20b", `{"deviceId":"a b"}`, "", 400, "ArgumentInvalid", ""},
		{"id with a slash", "PUT", "/devices/a%2Fb", `{"deviceId":"a/b"}`, "", 400, "ArgumentInvalid", ""},
		{"one key only", "PUT", "/devices/a", `{"deviceId":"a","authentication":{"symmetricKey":{"primaryKey":"` + key16 + `"}}}`, "", 400, "ArgumentInvalid", ""},
		{"key too short", "PUT", "/devices/a", `{"deviceId":"a","authentication":{"symmetricKey":{"primaryKey":"` + key15 + `","secondaryKey":"` + key16 + `"}}}`, "", 400, "ArgumentInvalid", "primaryKey is not 16 to 64 bytes in base64."},
		{"unknown status", "PUT", "/devices/a", `{"deviceId":"a","status":"off"}`, "", 400, "ArgumentInvalid", ""},
		{"no body", "PUT", "/devices/a", "", "", 400, "ArgumentNull", "BadRequest"},
		{"null body", "PUT", "/devices/a", "null", "", 400, "ArgumentNull", "BadRequest"},
		{"null for a twin", "PUT", "/twins/d/modules/m", "null", "", 400, "ArgumentNull", "BadRequest"},
		{"null for a change of a twin", "PATCH", "/twins/d/modules/m", "null", "", 400, "ArgumentNull", "BadRequest"},
		{"broken body", "PUT", "/devices/a", `{"deviceId":`, "", 400, "ArgumentInvalid", ""},
		{"a number for an id", "PUT", "/devices/a", `{"deviceId":1}`, "", 400, "ArgumentInvalid", "The value of 'deviceId' cannot be a JSON number."},
		{"two bodies", "PUT", "/devices/a", `{"deviceId":"a"}{}`, "", 400, "ArgumentInvalid", ""},
		{"tags are not an object", "PATCH", "/twins/d", `{"tags":[]}`, "", 400, "ArgumentInvalid", ""},
		{"dot in a name", "PATCH", "/twins/d", `{"tags":{"a.b":1}}`, "", 400, "ArgumentInvalid", "Property or Tag name has invalid characters. Error in Property/Tag a.b. Must not contain Control Characters, '.', '$', '#', or ' '."},
		{"dollar in a name", "PATCH", "/twins/d", `{"properties":{"desired":{"a":{"$b":1}}}}`, "", 400, "ArgumentInvalid", "Property or Tag name has invalid characters. Error in Property/Tag $b. Must not contain Control Characters, '.', '$', '#', or ' '."},
		{"control character in a name", "PATCH", "/twins/d", `{"tags":{"a\u0085":1}}`, "", 400, "ArgumentInvalid", ""},
		{"name too long", "PATCH", "/twins/d", `{"tags":{"` + strings.Repeat("x", 1025) + `":1}}`, "", 400, "ArgumentInvalid", ""},
		{"string too long", "PATCH", "/twins/d", `{"tags":{"a":"` + strings.Repeat("x", 4097) + `"}}`, "", 400, "ArgumentInvalid", ""},
		{"integer too large", "PATCH", "/twins/d", `{"tags":{"a":4503599627370496}}`, "", 400, "ArgumentInvalid", ""},
		{"too deep", "PATCH", "/twins/d", `{"tags":` + deep + `}`, "", 400, "ArgumentInvalid", ""},
		{"null in a replacement", "PUT", "/twins/d", `{"tags":{"my-tag":null}}`, "", 400, "ArgumentInvalid", "Value of Property or Tag cannot be null. Error in Property/Tag my-tag"},
		{"tags too large", "PATCH", "/twins/d", `{"tags":` + ofSize(8<<10) + `}`, "", 403, "DeviceModelMaxPropertiesExceeded", "'Tags' size should be less than 8192 bytes."},
		{"desired too large", "PATCH", "/twins/d", `{"properties":{"desired":` + ofSize(32<<10) + `}}`, "", 403, "DeviceModelMaxPropertiesExceeded", "'Properties.Desired' size should be less than 32768 bytes."},
		{"identity too large", "PUT", "/devices/d2", `{"deviceId":"d2","deviceScope":"` + strings.Repeat("s", 32<<10) + `"}`, "", 413, "GenericRequestEntityTooLarge", ""},
		{"body too large", "PUT", "/twins/d", strings.Repeat(" ", 1<<20) + "{}", "", 413, "GenericRequestEntityTooLarge", ""},
		{"module id reserved for the hub", "PUT", "/devices/d/modules/$edgeAgent", `{"deviceId":"d","moduleId":"$edgeAgent"}`, "", 400, "ArgumentInvalid", "Module ID '$edgeAgent' is invalid. It cannot begin with '$'."},
		{"no such path", "GET", "/jobs", "", "", 404, "GenericNotFound", ""},
		{"no such method", "POST", "/devices", "[]", "", 405, "GenericMethodNotAllowed", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			hub := localhub.New(t)
			hub.AddModule("d", "m")
			got := newREST(t, hub).must(row.status, row.method, row.path, row.body, "If-Match: "+row.ifMatch)
			var body struct{ Message, ExceptionMessage string }
			if err := json.Unmarshal([]byte(got.body), &body); err != nil {
				t.Fatal(err)
			}
			code, text, _ := strings.Cut(body.Message, ";")
			if code != "ErrorCode:"+row.code || got.header.Get("iothub-errorcode") != row.code || row.text != "" && text != row.text {
				t.Errorf("the message is %q, the header %q", body.Message, got.header.Get("iothub-errorcode"))
			}
			contains(t, "ExceptionMessage", body.ExceptionMessage, "Tracking ID:", "-TimeStamp:")
		})
	}
}

// ofSize returns an object whose size counts as n bytes.
func ofSize(n int) string {
	object := make(map[string]string)
	for i := 'a'; n > 0; i++ {
		length := min(n-1, 4096)
		object[string(i)] = strings.Repeat("x", length)
		n -= length + 1
	}
	text, _ := json.Marshal(object)
	return string(text)
}

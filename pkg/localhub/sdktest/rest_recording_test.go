package sdktest

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
)

// restRecording is what an SDK of the service side sends over the wire.
type restRecording struct {
	name      string
	fields    string // the fields of its tokens
	header    string // header lines of every request
	device    string // the id of the device, escaped as in its paths
	exchanges []exchange
}

// exchange is one request and what the response has to be. In request and
// header, {d} stands for the device; in header and body, {etag} and {answer}
// stand for the last response.
type exchange struct {
	request, header, body string
	status                int
	contains              string
}

// deviceID needs escaping by the SDKs that escape.
const deviceID = "it's(1)=a;b@c:d,e!f*g$h+i.j_k-l"

var restRecordings = []restRecording{
	{
		name:   "Node.js",
		fields: "sr={sr}&sig={sig}&skn=iothubowner&se={se}",
		header: "User-Agent: azure-iothub/1.16.6\r\nRequest-Id: 0c0bf27e-5cd2-4dd8-9ba3-3a3e1f0d6f4b\r\n",
		device: "it's(1)%3Da%3Bb%40c%3Ad%2Ce!f*g%24h%2Bi.j_k-l",
		exchanges: []exchange{
			{"PUT /devices/{d}", jsonBody, `{"deviceId":"{id}","status":"enabled","authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":""}}}`, 200, `"status":"enabled"`},
			{"PUT /devices/{d}", jsonBody, `{"deviceId":"{id}"}`, 409, "ErrorCode:DeviceAlreadyExists;"},
			{"GET /devices/{d}", "", "", 200, `"symmetricKey":{"primaryKey":"`},
			{"PUT /devices/{d}", jsonBody + "If-Match: \"*\"\r\n", "{answer}", 200, `"connectionState":"Disconnected"`},
			{"GET /devices/", "", "", 200, `"deviceId":"{id}"`},
			{"PUT /devices/{d}/modules/m", jsonBody, `{"deviceId":"{id}","moduleId":"m","authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":""}}}`, 200, `"moduleId":"m"`},
			{"GET /devices/{d}/modules", "", "", 200, `[{"moduleId":"m"`},
			{"GET /twins/{d}/modules/m", "", "", 200, `"etag":"AAAAAAAAAAE="`},
			{"PATCH /twins/{d}/modules/m", jsonBody + "If-Match: \"{etag}\"\r\n", `{"properties":{"desired":{"telemetryInterval":122}}}`, 200, `"desired":{"telemetryInterval":122,`},
			{"PATCH /twins/{d}/modules/m", jsonBody + "If-Match: \"AAAAAAAAAAE=\"\r\n", `{"tags":{}}`, 412, "ErrorCode:PreconditionFailed;"},
			{"DELETE /devices/{d}/modules/m", "If-Match: \"*\"\r\n", "", 204, ""},
			{"GET /devices/{d}/modules/m", "", "", 404, "ErrorCode:ModuleNotFound;"},
			{"DELETE /devices/{d}", "If-Match: \"*\"\r\n", "", 204, ""},
			{"GET /twins/{d}", "", "", 404, "ErrorCode:DeviceNotFound;"},
		},
	},
	{
		name:   "Java", // does not escape ids, has no PATCH, and sends everything that it knows of a device, with enum names and zero dates
		fields: "sr={sr}&sig={sig}&se={se}&skn=iothubowner",
		header: "User-Agent: com.microsoft.azure.sdk.iot.iot-service-client/2.1.9 (11.0.2; Linux; amd64)\r\nAccept: application/json\r\nContent-Type: application/json; charset=utf-8\r\n",
		device: deviceID,
		exchanges: []exchange{
			{"PUT /devices/{d}", "", `{"deviceId":"{id}","generationId":"","status":"Enabled","statusUpdatedTime":"0001-01-01T00:00:00","connectionState":"Disconnected","connectionStateUpdatedTime":"0001-01-01T00:00:00","lastActivityTime":"0001-01-01T00:00:00-00:00","cloudToDeviceMessageCount":0,"parentScopes":[],"capabilities":{"iotEdge":false},"authentication":{"type":"sas","symmetricKey":{"primaryKey":"` + someKey + `","secondaryKey":"` + otherKey + `"}}}`, 200, `"primaryKey":"` + someKey + `"`},
			{"PUT /devices/{d}", "", `{"deviceId":"{id}"}`, 409, "ErrorCode:DeviceAlreadyExists;"},
			{"GET /devices/{d}", "", "", 200, `"authentication":{"symmetricKey":{`},
			{"PUT /devices/{d}", "If-Match: *\r\n", `{"deviceId":"{id}","generationId":"","status":"Disabled","parentScopes":[],"authentication":{"type":"sas","symmetricKey":{"primaryKey":"` + someKey + `","secondaryKey":"` + otherKey + `"}}}`, 200, `"status":"disabled"`},
			{"PUT /devices/{d}/modules/m", "", `{"deviceId":"{id}","moduleId":"m","managedBy":"","generationId":"","authentication":{"type":"sas","symmetricKey":{"primaryKey":"` + someKey + `","secondaryKey":"` + otherKey + `"}}}`, 200, `"moduleId":"m"`},
			{"GET /twins/{d}/modules/m", "Request-Id: 1\r\n", "", 200, `"etag":"AAAAAAAAAAE="`},
			{"POST /twins/{d}/modules/m", "X-HTTP-Method-Override: PATCH\r\nRequest-Id: 2\r\n", `{"deviceId":"{id}","moduleId":"m","version":2,"properties":{"desired":{"telemetryInterval":122}},"parentScopes":[]}`, 200, `"desired":{"telemetryInterval":122,`},
			{"POST /twins/{d}/modules/m", "X-HTTP-Method-Override: PATCH\r\nIf-Match: AAAAAAAAAAE=\r\n", `{"tags":{"x":1}}`, 200, `"tags":{"x":1}`}, // ignored, because it has no quotes
			{"PUT /twins/{d}/modules/m", "", `{"deviceId":"{id}","moduleId":"m","tags":{},"properties":{"desired":{"a":1}}}`, 200, `"desired":{"a":1,`},
			{"DELETE /devices/{d}/modules/m", "If-Match: *\r\n", "", 204, ""},
			{"DELETE /devices/{d}", "If-Match: *\r\n", "", 204, ""},
			{"GET /devices/{d}", "", "", 404, "ErrorCode:DeviceNotFound;"},
		},
	},
	{
		name:   ".NET", // recognizes an error only if header and body agree on its name
		fields: "sr={sr}&sig={sig}&se={se}&skn=iothubowner",
		header: "UserAgent: Microsoft.Azure.Devices/1.38.2 .NET 8.0\r\nAccept: application/json\r\n",
		device: "it%27s(1)%3Da%3Bb%40c%3Ad%2Ce!f*g%24h%2Bi.j_k-l",
		exchanges: []exchange{
			{"PUT /devices/{d}", jsonBody, `{"deviceId":"{id}","connectionState":"Disconnected","status":"enabled","connectionStateUpdatedTime":"0001-01-01T00:00:00","statusUpdatedTime":"0001-01-01T00:00:00","lastActivityTime":"0001-01-01T00:00:00","cloudToDeviceMessageCount":0,"authentication":{"symmetricKey":{"primaryKey":null,"secondaryKey":null},"x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null},"type":"sas"}}`, 200, `"status":"enabled"`},
			{"PUT /devices/{d}", jsonBody, `{"deviceId":"{id}"}`, 409, "ErrorCode:DeviceAlreadyExists;"},
			{"GET /devices/?top=1000", "", "", 200, `"deviceId":"{id}"`},
			{"GET /devices/{d}", "", "", 200, `"deviceId":"{id}"`},
			{"PUT /devices/{d}", jsonBody + "If-Match: \"{etag}\"\r\n", "{answer}", 200, `"deviceId":"{id}"`},
			{"PUT /devices/{d}/modules/m", jsonBody, `{"moduleId":"m","deviceId":"{id}","connectionState":"Disconnected","connectionStateUpdatedTime":null,"lastActivityTime":null,"authentication":null}`, 200, `"moduleId":"m"`},
			{"GET /twins/{d}/modules/m", "", "", 200, `"x509Thumbprint":{"primaryThumbprint":null`},
			{"PUT /twins/{d}/modules/m", jsonBody + "If-Match: \"{etag}\"\r\n", "{answer}", 200, `"etag":"AAAAAAAAAAI="`},
			{"PATCH /twins/{d}/modules/m", jsonBody + "If-Match: \"{etag}\"\r\n", `{"properties":{"desired":{"telemetryInterval":122}}}`, 200, `"desired":{"telemetryInterval":122,`},
			{"PATCH /twins/{d}/modules/m", jsonBody + "If-Match: \"AAAAAAAAAAE=\"\r\n", `{"tags":{}}`, 412, "ErrorCode:PreconditionFailed;"},
			{"DELETE /devices/{d}/modules/m", "If-Match: \"*\"\r\n", "", 204, ""},
			{"DELETE /devices/{d}", "If-Match: \"*\"\r\n", "", 204, ""},
		},
	},
}

const jsonBody = "Content-Type: application/json; charset=utf-8\r\n"

// TestServiceRecordings replays the service side of SDKs, byte by byte over one
// connection.
func TestServiceRecordings(t *testing.T) {
	for _, p := range restRecordings {
		t.Run(p.name, func(t *testing.T) {
			hub := localhub.New(t)
			conn, err := tls.Dial("tcp", hub.HostName(), &tls.Config{RootCAs: hub.RootCAs()})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			steady := p.header + "Authorization: " + signed(hub.ConnectionString(localhub.PolicyIoTHubOwner).SharedAccessKey, p.fields, "localhost") + "\r\n"
			answers := bufio.NewReader(conn)
			last := ""
			for _, x := range p.exchanges {
				io.WriteString(conn, p.message(x, steady, last))
				last = readResponse(t, answers, x)
			}
		})
	}
}

// message returns a request as it is sent over the wire.
func (p restRecording) message(x exchange, steady, last string) string {
	var identity struct{ ETag string }
	json.Unmarshal([]byte(last), &identity)
	fill := strings.NewReplacer("{d}", p.device, "{id}", deviceID, "{etag}", identity.ETag, "{answer}", last)
	body := fill.Replace(x.body)
	separator := "?"
	if strings.Contains(x.request, "?") {
		separator = "&"
	}
	return fmt.Sprintf("%s%sapi-version=2021-04-12 HTTP/1.1\r\nHost: localhost\r\n%s%sContent-Length: %d\r\n\r\n%s",
		fill.Replace(x.request), separator, steady, fill.Replace(x.header), len(body), body)
}

// readResponse reads a response, checks what SDKs rely on and returns its body.
func readResponse(t *testing.T, answers *bufio.Reader, x exchange) string {
	t.Helper()
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("%s: %v", x.request, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	body := string(raw)
	if err != nil || response.StatusCode != x.status || !strings.Contains(body, strings.ReplaceAll(x.contains, "{id}", deviceID)) {
		t.Fatalf("%s: status %d, want %d, with %s in the body (%v)", x.request, response.StatusCode, x.status, x.contains, err)
	}
	if kind := response.Header.Get("Content-Type"); x.status != 204 && kind != "application/json; charset=utf-8" {
		t.Errorf("%s: Content-Type %q", x.request, kind)
	}
	if name := response.Header.Get("iothub-errorcode"); x.status >= 400 && !strings.Contains(body, `"ErrorCode:`+name+`;`) {
		t.Errorf("%s: the header names %q, the body another error", x.request, name)
	}
	return body
}

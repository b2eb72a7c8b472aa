package iothub_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
)

const moduleString = "HostName=myhub.azure-devices.net;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=" + testKey

// The floor is the least that any token needs: HMAC-SHA256, base64, escaping
// and one string.
func BenchmarkNewSASToken(b *testing.B) {
	c := parse(b, moduleString)
	b.Run("token", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = c.NewSASToken(inYear2026).Reveal()
		}
	})
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sr := url.QueryEscape(c.HostName + "/devices/" + c.DeviceID + "/modules/" + c.ModuleID)
			se := strconv.FormatInt(inYear2026.Unix(), 10)
			mac := hmac.New(sha256.New, c.SharedAccessKey.Bytes())
			mac.Write([]byte(sr + "\n" + se))
			sig := url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
			_ = "SharedAccessSignature sr=" + sr + "&sig=" + sig + "&se=" + se
		}
	})
}

func BenchmarkVerifySASToken(b *testing.B) {
	c := parse(b, moduleString)
	text := c.NewSASToken(inYear2026).Reveal()
	b.ReportAllocs()
	for b.Loop() {
		token, err := iothub.ParseSASToken(text)
		if err != nil || token.Verify(c.SharedAccessKey, inYear2026) != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseConnectionString(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := iothub.ParseConnectionString(moduleString); err != nil {
			b.Fatal(err)
		}
	}
}

// One call on a warm connection. The floor is the same request and response
// with nothing but net/http: no token, no time limit, no decoding.
func BenchmarkGetModuleTwin(b *testing.B) {
	ts := httptest.NewTLSServer(shows(b, "twin_module.json"))
	defer ts.Close()
	address := strings.TrimPrefix(ts.URL, "https://")
	b.Run("call", func(b *testing.B) {
		registry, err := iothub.NewRegistry(parse(b, "HostName="+address+";SharedAccessKeyName=service;SharedAccessKey="+testKey), &iothub.Options{RootCAs: roots})
		if err != nil {
			b.Fatal(err)
		}
		defer registry.CloseIdleConnections()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := registry.GetModuleTwin(b.Context(), "myFirstDevice", "myFirstModule"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		client := ts.Client()
		b.ReportAllocs()
		for b.Loop() {
			resp, err := client.Get(ts.URL + "/twins/d/modules/m?api-version=2021-04-12")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadAll(resp.Body); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}

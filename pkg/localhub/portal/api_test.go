package portal_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

func statusOf(h http.Handler, host string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = host
	h.ServeHTTP(w, r)
	return w.Code
}

// TestKeys checks that keys are in the one response that was asked for them,
// and nowhere else.
func TestKeys(t *testing.T) {
	s := newScene(t)
	module := s.hub.AddModule("d", "m")
	type keys struct{ PrimaryKey, SecondaryKey, PrimaryString, SecondaryString string }
	if got := get[keys](s, "/api/keys?device=d&module=m"); got.PrimaryString != module.Reveal() || got.PrimaryKey != module.SharedAccessKey.Reveal() || got.SecondaryKey == "" {
		t.Error("the module's keys are wrong")
	}
	if got := get[keys](s, "/api/keys?device=d"); got.PrimaryString != s.hub.AddDevice("d").Reveal() {
		t.Error("the device's keys are wrong")
	}
	policy := s.hub.Policies()[0]
	got := get[keys](s, "/api/keys?policy=iothubowner")
	if got.PrimaryString != s.hub.ConnectionString(policy.Name).Reveal() || got.SecondaryKey != policy.Keys.SecondaryKey.Reveal() {
		t.Error("the policy's keys are wrong")
	}
	secrets := append(secretsOf(s.hub), module.SharedAccessKey.Reveal())
	for _, path := range []string{"/", "/api/hub", "/api/devices", "/api/device?device=d", "/api/device?device=d&module=m", "/api/twin?device=d&module=m"} {
		_, text := s.ask("GET", path, nil)
		for _, secret := range secrets {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s shows a key", path)
			}
		}
	}
	next, _ := s.follow("")
	next() // hello
	past := next().data
	for _, secret := range secrets {
		if strings.Contains(past, secret) {
			t.Error("an event shows a key")
		}
	}
	for _, path := range []string{"/api/keys", "/api/keys?policy=nobody", "/api/keys?device=nobody"} {
		if status, _ := s.ask("GET", path, nil); status < 400 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestIdentities(t *testing.T) {
	s := newScene(t)
	type id struct{ Device, Module string }
	expect := func(want int, method, path string, body any) {
		t.Helper()
		if status, text := s.ask(method, path, body); status != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, status, text, want)
		}
	}
	expect(200, "POST", "/api/identity", id{Device: "d"})
	expect(409, "POST", "/api/identity", id{Device: "d"})
	expect(200, "POST", "/api/identity", id{Device: "d", Module: "m"})
	expect(404, "POST", "/api/identity", id{Device: "nobody", Module: "m"})
	expect(400, "POST", "/api/identity", id{Device: "not allowed"})
	expect(200, "PATCH", "/api/device", map[string]any{"device": "d", "disabled": true})
	expect(404, "PATCH", "/api/device", map[string]any{"device": "nobody", "disabled": true})
	type device struct {
		Device   string
		Disabled bool
		Count    int
		Modules  []id
	}
	if list := get[[]device](s, "/api/devices"); len(list) != 1 || list[0].Device != "d" || !list[0].Disabled || list[0].Count != 1 {
		t.Errorf("the devices are %+v", list)
	}
	if one := get[device](s, "/api/device?device=d"); len(one.Modules) != 1 || one.Modules[0].Module != "m" {
		t.Errorf("the device is %+v", one)
	}
	expect(404, "GET", "/api/device?device=d&module=nobody", nil)
	expect(404, "GET", "/api/twin?device=nobody", nil)
	expect(200, "DELETE", "/api/identity?device=d&module=m", nil)
	expect(404, "DELETE", "/api/identity?device=d&module=m", nil)
	expect(200, "DELETE", "/api/identity?device=d", nil)
	if list := get[[]device](s, "/api/devices"); list == nil || len(list) > 0 {
		t.Errorf("the devices are %+v", list)
	}
}

// edit is what the page sends to check or save a change.
type edit struct {
	Device  string         `json:"device"`
	Module  string         `json:"module"`
	Section string         `json:"section"`
	Base    map[string]any `json:"base"`
	Text    string         `json:"text"`
	ETag    string         `json:"etag"`
}

func TestCheck(t *testing.T) {
	s := newScene(t)
	s.hub.AddModule("d", "m")
	type response struct {
		Patch   json.RawMessage
		Problem *struct {
			Kind, Found, Message string
			Line, Column         int
		}
	}
	for _, row := range []struct {
		text, patch  string
		line, column int
		says         string
	}{
		{`{"a": 1, "b": {"c": 2}}`, `{}`, 0, 0, ""},
		{`{"b": {"c": 3}}`, `{"a":null,"b":{"c":3}}`, 0, 0, ""},
		{`{"a": 9007199254740993.5, "b": {"c": 2}}`, `{"a":9007199254740993.5}`, 0, 0, ""},
		{"", "null", 1, 1, "end"},
		{"{\n\t\"ä\": x\n}", "null", 2, 7, "character x"},
		{"{\n", "null", 2, 1, "end"},
		{"{\n}\nä", "null", 2, 2, "more"},
		{`{"a": "ä" ä}`, "null", 1, 11, "character ä"},
		{"{\"a\": tru", "null", 1, 10, "end"},
		{`{"a": 1]`, "null", 1, 8, "character ]"},
		{"[]", "null", 1, 1, "object"},
		{"null", "null", 1, 1, "object"},
		{"{}\n{}", "null", 1, 3, "more"},
		{`{"$version": 1}`, `{"$version":1,"a":null,"b":null}`, 0, 0, ""},
		{`{"x.y": 1}`, `{"a":null,"b":null,"x.y":1}`, 0, 0, "invalid characters"},
		{`{"x": "` + strings.Repeat("x", 5000) + `"}`, "", 0, 0, "maximum 4096 bytes"},
	} {
		e := edit{Device: "d", Module: "m", Section: "desired", Base: map[string]any{"a": 1, "b": map[string]any{"c": 2}}, Text: row.text}
		status, text := s.ask("POST", "/api/check", e)
		var got response
		if err := json.Unmarshal(text, &got); err != nil || status != 200 {
			t.Fatalf("%d %s: %v", status, text, err)
		}
		switch p := got.Problem; {
		case row.patch != "" && string(got.Patch) != row.patch:
			t.Errorf("%s: the patch is %s, want %s", row.text, got.Patch, row.patch)
		case row.says == "" && p != nil:
			t.Errorf("%s: %+v", row.text, p)
		case row.says != "" && (p == nil || !strings.Contains(strings.TrimSpace(p.Kind+" "+p.Found)+p.Message, row.says) || p.Line != row.line || p.Column != row.column):
			t.Errorf("%s: %+v, want %d:%d %s", row.text, p, row.line, row.column, row.says)
		}
	}
	for _, e := range []edit{{Device: "d", Section: "reported"}, {Device: "d"}} {
		if status, _ := s.ask("POST", "/api/check", e); status != 400 {
			t.Errorf("section %q: %d", e.Section, status)
		}
	}
}

func TestConflict(t *testing.T) {
	s := newScene(t)
	s.hub.AddModule("d", "m")
	before := get[iothub.Twin](s, "/api/twin?device=d&module=m")
	if _, err := s.hub.PatchDesired("d", "m", map[string]any{"b": 2}); err != nil {
		t.Fatal(err)
	}
	e := edit{Device: "d", Module: "m", Section: "desired", Base: map[string]any{}, Text: `{"a": 1}`, ETag: before.ETag}
	status, text := s.ask("PATCH", "/api/twin", e)
	var response struct {
		Conflict struct {
			Twin   iothub.Twin
			Merged map[string]any
		}
	}
	if err := json.Unmarshal(text, &response); err != nil || status != http.StatusPreconditionFailed {
		t.Fatalf("%d %s: %v", status, text, err)
	}
	now := response.Conflict.Twin
	if now.Properties.Desired["b"] != 2.0 || response.Conflict.Merged["a"] != 1.0 || response.Conflict.Merged["b"] != 2.0 {
		t.Errorf("the conflict is %s", text)
	}
	e.ETag = now.ETag
	if status, text := s.ask("PATCH", "/api/twin", e); status != http.StatusOK {
		t.Errorf("with the new ETag: %d %s", status, text)
	}
	e = edit{Device: "d", Section: "tags", Base: map[string]any{}, Text: `{"site": 1}`, ETag: get[iothub.Twin](s, "/api/twin?device=d").ETag}
	if status, text := s.ask("PATCH", "/api/twin", e); status != http.StatusOK {
		t.Errorf("tags of a device: %d %s", status, text)
	}
	e.Text = "{"
	if status, _ := s.ask("PATCH", "/api/twin", e); status != http.StatusBadRequest {
		t.Errorf("incomplete text: %d", status)
	}
}

// TestForgetFails checks that the portal reports an error if the sessions could
// not be forgotten.
func TestForgetFails(t *testing.T) {
	hub, err := localhub.Start(&localhub.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := newSceneOf(t, hub)
	client, err := iotmodule.Dial(t.Context(), hub.AddModule("d", "m"), &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	hub.Close() // also closes its file
	status, text := s.ask("POST", "/api/fault", map[string]string{"word": "forget"})
	if status != http.StatusInternalServerError || !strings.Contains(string(text), `"NotSaved"`) || !strings.Contains(string(text), "data cannot be saved") {
		t.Errorf("%d %s", status, text)
	}
}

func TestFaults(t *testing.T) {
	s := newScene(t)
	type conditions struct {
		Blocked, Refusing bool
		Throttled         int
		Until             int64
	}
	play := func(word, argument string) (c conditions) {
		t.Helper()
		status, text := s.ask("POST", "/api/fault", map[string]string{"word": word, "argument": argument})
		if err := json.Unmarshal(text, &c); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s", word, status, text)
		}
		return c
	}
	for _, word := range []string{"cut", "expire", "forget"} {
		before := s.hub.FaultsInjected()
		if c := play(word, ""); c != (conditions{}) || word != "cut" && s.hub.FaultsInjected() == before {
			t.Errorf("%s: %+v", word, c)
		}
	}
	if c := play("block", ""); !c.Blocked {
		t.Errorf("block: %+v", c)
	}
	if c := play("throttle", "3"); c.Throttled != 3 || s.hub.PendingFaults()[1].Failure != fault.Status(429) {
		t.Errorf("throttle: %+v", c)
	}
	if c := play("refuse", "1m0s"); !c.Refusing || c.Until == 0 {
		t.Errorf("refuse: %+v", c)
	}
	status, text := s.ask("POST", "/api/identity", map[string]string{"device": "d"})
	if status != http.StatusBadGateway || !strings.Contains(string(text), "Unreachable") {
		t.Errorf("while the hub refuses: %d %s", status, text)
	}
	if c := play("unblock", ""); c != (conditions{}) {
		t.Errorf("unblock: %+v", c)
	}

	// Other faults neither keep modules out nor throttle.
	s.hub.FailNext(1, fault.SignIn, fault.Late(time.Second))
	s.hub.FailNext(1, fault.REST, fault.Duplicate())
	s.hub.FailNext(1, fault.REST, fault.Status(http.StatusServiceUnavailable))
	if c := get[struct{ Conditions conditions }](s, "/api/hub").Conditions; c != (conditions{}) {
		t.Errorf("with other faults: %+v", c)
	}
	s.hub.ClearFaults()
	for _, wrong := range []map[string]string{{"word": "explode"}, {"word": "refuse"}, {"word": "refuse", "argument": "2h"}, {"word": "throttle", "argument": "0"}} {
		if status, _ := s.ask("POST", "/api/fault", wrong); status != http.StatusBadRequest {
			t.Errorf("%v: %d", wrong, status)
		}
	}
	if status, _ := s.ask("POST", "/api/identity", strings.Repeat("x", 2<<20)); status != http.StatusBadRequest {
		t.Errorf("two megabytes: %d", status)
	}
}

package portal_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// testTimeout is how long tests wait for what has to happen.
const testTimeout = 20 * time.Second

// scene is a hub, its portal and a viewer who has signed in.
type scene struct {
	t      *testing.T
	hub    *localhub.Hub
	portal *portal.Portal
	server *httptest.Server
	viewer *http.Client
}

func newScene(t *testing.T) *scene {
	t.Helper()
	return newSceneOf(t, localhub.New(t))
}

func newSceneOf(t *testing.T, hub *localhub.Hub) *scene {
	t.Helper()
	s := &scene{t: t, hub: hub, portal: portal.New(hub, nil)}
	s.server = httptest.NewServer(s.portal)
	t.Cleanup(func() { s.portal.Close(); s.server.Close() })
	jar, _ := cookiejar.New(nil) // without options, it cannot fail
	s.viewer = &http.Client{Jar: jar, Timeout: testTimeout}
	response, err := s.viewer.Get(s.portal.URL(s.server.Listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("signing in: %s", response.Status)
	}
	return s
}

// ask calls the API as the page does, and returns the status and the body.
func (s *scene) ask(method, path string, body any) (int, []byte) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Origin", s.server.URL)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := s.viewer.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, got
}

// get returns a response that has to succeed, decoded.
func get[T any](s *scene, path string) (response T) {
	s.t.Helper()
	status, text := s.ask("GET", path, nil)
	if status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	if err := json.Unmarshal(text, &response); err != nil {
		s.t.Fatalf("GET %s: %v in %s", path, err, text)
	}
	return response
}

// message is a message of the event stream.
type message struct{ id, event, data string }

// follow opens the event stream as a viewer whose last event was id.
func (s *scene) follow(id string) (next func() message, end func()) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), "GET", s.server.URL+"/api/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Last-Event-ID", id)
	response, err := s.viewer.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || kind != "text/event-stream" {
		s.t.Fatalf("the stream answered %s, %q", response.Status, kind)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<22)
	return func() (m message) {
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case name == "id":
				m.id = value
			case name == "event":
				m.event = value
			case name == "data":
				m.data = value
			case name == "" && m.data != "":
				return m
			}
		}
		return message{event: "end"}
	}, func() { response.Body.Close() }
}

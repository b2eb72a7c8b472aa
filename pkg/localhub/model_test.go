package localhub_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
)

// model is a twin by the rules, implemented as simply as possible.
type model struct {
	tags, desired, reported map[string]any
	etag                    int
	desiredVersion          int
	reportedVersion         int
}

// merge is the pseudocode of JSON Merge Patch (RFC 7396).
func merge(target, patch any) any {
	changes, isObject := patch.(map[string]any)
	if !isObject {
		return patch
	}
	object, _ := target.(map[string]any)
	object = maps.Clone(object)
	if object == nil {
		object = make(map[string]any)
	}
	for name, value := range changes {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = merge(object[name], value)
		}
	}
	return object
}

// random returns an object with few distinct names, so that changes collide.
func random(r *rand.Rand, depth int, nulls bool) map[string]any {
	object := make(map[string]any)
	for range r.IntN(4) {
		name := string(rune('a' + r.IntN(3)))
		switch kind := r.IntN(6); {
		case kind == 0 && nulls:
			object[name] = nil
		case kind <= 2 && depth > 0:
			object[name] = random(r, depth-1, nulls)
		case kind == 3:
			object[name] = []any{float64(r.IntN(3)), "x"}
		default:
			object[name] = float64(r.IntN(5))
		}
	}
	return object
}

func text(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

// TestTwinModel makes random changes over REST and MQTT, and checks the twin in
// three ways: by the responses, by the notifications and by reading it.
func TestTwinModel(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			folder := t.TempDir()
			want := model{tags: map[string]any{}, desired: map[string]any{}, reported: map[string]any{}, etag: 1, desiredVersion: 1, reportedVersion: 1}
			for range 3 { // the hub runs three times on the same data
				hub, err := localhub.Start(&localhub.Options{DataDir: folder})
				if err != nil {
					t.Fatal(err)
				}
				c, _ := signIn(t, hub, hub.AddModule("d", "m"))
				c.subscribe(responses, desired)
				rest := newREST(t, hub)
				seen := want.desired
				for range 40 {
					seen = want.step(t, r, rest, c, seen)
				}
				c.Close()
				rest.client.CloseIdleConnections()
				hub.Close()
			}
		})
	}
}

// step makes one change and checks everything that can be seen of it.
func (want *model) step(t *testing.T, r *rand.Rand, rest *rest, c *client, seen map[string]any) map[string]any {
	t.Helper()
	const path = "/twins/d/modules/m"
	tags, change := random(r, 2, true), random(r, 3, true)
	switch r.IntN(5) {
	case 0:
		rest.must(200, "PATCH", path, `{"tags":`+text(tags)+`}`)
		want.tags = merge(want.tags, tags).(map[string]any)
		want.etag++
	case 1:
		tags, change = random(r, 2, false), random(r, 3, false)
		rest.must(200, "PUT", path, `{"tags":`+text(tags)+`,"properties":{"desired":`+text(change)+`}}`)
		want.tags, want.desired = tags, change
		want.etag++
		want.desiredVersion++
		seen = want.follow(t, c, seen)
	case 2:
		topic, _ := c.request("$iothub/twin/PATCH/properties/reported/?$rid=2", text(change))
		want.reported = merge(want.reported, change).(map[string]any)
		want.reportedVersion++
		if !strings.HasSuffix(topic, fmt.Sprint("204/?$rid=2&$version=", want.reportedVersion)) {
			t.Fatalf("a report is answered on %s", topic)
		}
	default:
		rest.must(200, "PATCH", path, `{"properties":{"desired":`+text(change)+`}}`)
		want.desired = merge(want.desired, change).(map[string]any)
		want.etag++
		want.desiredVersion++
		seen = want.follow(t, c, seen)
	}
	want.compare(t, rest.must(200, "GET", path, "").body, c)
	return seen
}

// follow reads the notification that is due, applies it to what the module has
// seen, and checks that the module then sees the desired properties.
func (want *model) follow(t *testing.T, c *client, seen map[string]any) map[string]any {
	t.Helper()
	var patch map[string]any
	if err := json.Unmarshal(expect[*packets.PublishPacket](c).Payload, &patch); err != nil {
		t.Fatal(err)
	}
	if patch["$version"] != float64(want.desiredVersion) {
		t.Fatalf("version %v is announced, want %d", patch["$version"], want.desiredVersion)
	}
	delete(patch, "$version")
	seen = merge(seen, patch).(map[string]any)
	if !reflect.DeepEqual(seen, want.desired) {
		t.Fatalf("the module has seen %s, want %s", text(seen), text(want.desired))
	}
	return seen
}

func (want *model) compare(t *testing.T, body string, c *client) {
	t.Helper()
	var got struct {
		Version    int
		Tags       map[string]any
		Properties struct{ Desired, Reported map[string]any }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != want.etag+want.reportedVersion || !reflect.DeepEqual(merge(nil, got.Tags), merge(nil, want.tags)) {
		t.Fatalf("the twin is %s, want version %d and tags %s", body, want.etag+want.reportedVersion, text(want.tags))
	}
	sameSection(t, got.Properties.Desired, want.desired, want.desiredVersion)
	sameSection(t, got.Properties.Reported, want.reported, want.reportedVersion)

	var seen struct{ Desired, Reported map[string]any }
	_, body = c.request(getTwin, "")
	if err := json.Unmarshal([]byte(body), &seen); err != nil {
		t.Fatal(err)
	}
	seen.Desired["$metadata"], seen.Reported["$metadata"] = got.Properties.Desired["$metadata"], got.Properties.Reported["$metadata"]
	sameSection(t, seen.Desired, want.desired, want.desiredVersion)
	sameSection(t, seen.Reported, want.reported, want.reportedVersion)
}

func sameSection(t *testing.T, got, want map[string]any, version int) {
	t.Helper()
	user := maps.Clone(got)
	delete(user, "$version")
	delete(user, "$metadata")
	if got["$version"] != float64(version) || !reflect.DeepEqual(user, want) {
		t.Fatalf("the section is %s, want %s in version %d", text(got), text(want), version)
	}
	sameNames(t, got["$metadata"].(map[string]any), want)
}

// sameNames checks that metadata has the structure of the properties that it
// describes.
func sameNames(t *testing.T, metadata, properties map[string]any) {
	t.Helper()
	names := 0
	for name, child := range metadata {
		if name[0] == '$' {
			continue
		}
		names++
		value, found := properties[name]
		if !found {
			t.Fatalf("there is metadata for %q, which is gone", name)
		}
		object, _ := value.(map[string]any)
		sameNames(t, child.(map[string]any), object)
	}
	if names != len(properties) {
		t.Fatalf("%s has metadata %s", text(properties), text(metadata))
	}
}

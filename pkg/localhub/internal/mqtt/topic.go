package mqtt

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"moduletwin/pkg/localhub/internal/registry"
)

// The MQTT topics, as in
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub. The topics
// of twins and methods contain no identity: it is that of the connection.
const (
	topicTwinGet        = "$iothub/twin/GET/"
	topicReported       = "$iothub/twin/PATCH/properties/reported/"
	topicMethodResponse = "$iothub/methods/res/"
	topicTwinResponse   = "$iothub/twin/res/"
	topicDesired        = "$iothub/twin/PATCH/properties/desired/"

	filterTwinResponses = topicTwinResponse + "#"

	// FilterDesired is the subscription to changes of desired properties.
	FilterDesired = topicDesired + "#"
	filterMethods = "$iothub/methods/POST/#"
)

// isFilter reports whether a device or module may subscribe to filter. Only the
// documented filters are allowed, with no other wildcards.
func isFilter(id registry.ID, filter string) bool {
	switch filter {
	case filterTwinResponses, FilterDesired, filterMethods:
		return true
	}
	switch rest, _ := cutPath(id, filter); rest {
	case "/messages/devicebound/#":
		return true
	case "/inputs/#", "/#":
		return id.IsModule()
	}
	return false
}

// isTelemetry reports whether topic is for the device's or module's own
// telemetry.
func isTelemetry(id registry.ID, topic string) bool {
	rest, _ := cutPath(id, topic)
	properties, found := strings.CutPrefix(rest, "/messages/events")
	return found && (properties == "" || properties[0] == '/') && !strings.ContainsAny(properties, "+#\x00")
}

// cutPath returns topic without the path of id at its beginning. SDKs write ids
// as they are or, like the Python SDK, escaped.
func cutPath(id registry.ID, topic string) (rest string, found bool) {
	rest = "/" + topic
	for _, own := range id.Path() {
		if rest, found = strings.CutPrefix(rest, "/"); !found {
			return "", false
		}
		segment, _, _ := strings.Cut(rest, "/")
		if unescaped, err := url.PathUnescape(segment); segment != own && (err != nil || unescaped != own) {
			return "", false
		}
		rest = rest[len(segment):]
	}
	return rest, true
}

// twinRequest holds what the topic of a twin request contains.
type twinRequest struct {
	method  string // the equivalent HTTP method, for events: "GET" or "PATCH"
	id      string // $rid, as written in the topic
	version string // $version, "" if there is none
}

// parseTwinRequest parses the part of a topic that follows its fixed prefix:
// "?$rid=1" or "?$rid=1&$version=3".
func parseTwinRequest(method, text string) (twinRequest, error) {
	r := twinRequest{method: method}
	for pair := range strings.SplitSeq(strings.TrimPrefix(text, "?"), "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch unescaped, _ := url.PathUnescape(name); unescaped {
		case "$rid":
			r.id = value
		case "$version":
			r.version = value
		}
	}
	if r.id == "" || len(r.id) > 1024 || strings.ContainsAny(r.id, "+#/") || strings.ContainsFunc(r.id, unicode.IsControl) {
		return twinRequest{}, errors.New("the topic has no usable $rid")
	}
	return r, nil
}

// responseTopic returns the topic for the response to r. The order of the
// parameters matters to the official Java SDK.
func (r twinRequest) responseTopic(status int, version int64) string {
	topic := topicTwinResponse + strconv.Itoa(status) + "/?$rid=" + r.id
	if version > 0 {
		topic += "&$version=" + strconv.FormatInt(version, 10)
	}
	return topic
}

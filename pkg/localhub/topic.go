package localhub

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// The topics of MQTT, as in
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub. Those of
// twins and methods name no identity: the connection does.
const (
	topicTwinGet      = "$iothub/twin/GET/"
	topicReported     = "$iothub/twin/PATCH/properties/reported/"
	topicMethodAnswer = "$iothub/methods/res/"
	topicTwinAnswer   = "$iothub/twin/res/"
	topicDesired      = "$iothub/twin/PATCH/properties/desired/"

	filterTwinAnswers = topicTwinAnswer + "#"
	filterDesired     = topicDesired + "#"
	filterMethods     = "$iothub/methods/POST/#"
)

// isFilter reports whether a device or module may subscribe to filter: to
// exactly those that are documented, with no other wildcards.
func (k key) isFilter(filter string) bool {
	switch filter {
	case filterTwinAnswers, filterDesired, filterMethods:
		return true
	}
	own := strings.Join(k.path(), "/")
	if k.module == "" {
		return filter == own+"/messages/devicebound/#"
	}
	return filter == own+"/inputs/#" || filter == own+"/#" || filter == own+"/messages/devicebound/#"
}

// isTelemetry reports whether topic is that of k's own messages.
func (k key) isTelemetry(topic string) bool {
	rest, found := strings.CutPrefix(topic, strings.Join(k.path(), "/")+"/messages/events")
	return found && (rest == "" || rest[0] == '/') && !strings.ContainsAny(rest, "+#\x00")
}

// request is what stands in the topic of a twin request.
type request struct {
	id      string // $rid, as it is written
	version string // $version, "" if there is none
}

// parseRequest reads the part of a topic that follows its fixed beginning:
// "?$rid=1" or "?$rid=1&$version=3".
func parseRequest(text string) (request, error) {
	var r request
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
		return request{}, errors.New("the topic holds no usable $rid")
	}
	return r, nil
}

// answerTopic is where the outcome of request r is published. The order of
// the parameters matters to the official Java SDK.
func (r request) answerTopic(status int, version int64) string {
	topic := topicTwinAnswer + strconv.Itoa(status) + "/?$rid=" + r.id
	if version > 0 {
		topic += "&$version=" + strconv.FormatInt(version, 10)
	}
	return topic
}

// oldQueries are the beginnings of what follows the ids in a user name of the
// years when no "?" stood between.
var oldQueries = []string{"/api-version=", "/DeviceClientType=", "/model-id="}

// parseUsername reads the user name of a CONNECT:
//
//	host/device/?api-version=2021-04-12&DeviceClientType=…
//	host/device/module/?api-version=…
//
// The host is not looked at: behind a gateway it is the gateway's. Ids are
// not escaped. An api-version has to be there; its value and all further
// parameters are of no importance.
func parseUsername(name string) (key, error) {
	path, query, found := cutLast(name, "/?")
	if !found {
		path, query = cutOldQuery(name)
	}
	if !hasVersion(query) {
		return key{}, errors.New("the user name holds no api-version")
	}
	segments := strings.Split(path, "/")
	for _, segment := range segments {
		if segment == "" {
			return key{}, fmt.Errorf("the user name %.300q is not host/device/?… or host/device/module/?…", path)
		}
	}
	switch len(segments) {
	case 2:
		return key{device: segments[1]}, nil
	case 3:
		return key{device: segments[1], module: segments[2]}, nil
	}
	return key{}, fmt.Errorf("the user name %.300q is not host/device/?… or host/device/module/?…", path)
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

func cutOldQuery(name string) (path, query string) {
	at := len(name)
	for _, beginning := range oldQueries {
		if i := strings.Index(name, beginning); i >= 0 {
			at = min(at, i)
		}
	}
	return name[:at], strings.TrimPrefix(name[at:], "/")
}

func hasVersion(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if unescaped, _ := url.PathUnescape(name); unescaped == "api-version" && value != "" {
			return true
		}
	}
	return false
}

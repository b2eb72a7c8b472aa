package iotmodule

import (
	"net/url"
	"strconv"
	"strings"
)

// The topics of a twin contain no ids: the hub knows who is connected. To MQTT,
// the "?" and what follows it are an ordinary part of the topic. See
// https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub.
const (
	responsesFilter = "$iothub/twin/res/#"
	desiredFilter   = "$iothub/twin/PATCH/properties/desired/#"

	responsesPrefix = "$iothub/twin/res/"
	desiredPrefix   = "$iothub/twin/PATCH/properties/desired/"
	getTopic        = "$iothub/twin/GET/?$rid="
	reportedTopic   = "$iothub/twin/PATCH/properties/reported/?$rid="
)

// parseResponse parses the topic of a response,
// $iothub/twin/res/{status}/?$rid={request id}&$version={new version}. version
// is 0 if there is none; ok is false if topic is not that of a response.
func parseResponse(topic string) (status int, requestID string, version int64, ok bool) {
	rest, found := strings.CutPrefix(topic, responsesPrefix)
	if !found {
		return 0, "", 0, false
	}
	code, query, found := strings.Cut(rest, "/")
	status, err := strconv.Atoi(code)
	if !found || err != nil || status < 100 || status > 599 {
		return 0, "", 0, false
	}
	values := parseBag(query)
	version, _ = strconv.ParseInt(values["$version"], 10, 64)
	return status, values["$rid"], version, values["$rid"] != ""
}

// parseBag parses the property bag at the end of a topic, "?name=value&…",
// with or without the question mark.
func parseBag(bag string) map[string]string {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(strings.TrimPrefix(bag, "?"), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.PathUnescape(name)
		if err != nil {
			continue
		}
		if value, err = url.PathUnescape(value); err == nil {
			values[name] = value
		}
	}
	return values
}

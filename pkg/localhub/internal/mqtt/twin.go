package mqtt

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
	"github.com/google/uuid"

	"moduletwin/pkg/localhub/fault"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/hubjson"
	"moduletwin/pkg/localhub/internal/registry"
	"moduletwin/pkg/localhub/internal/twin"
)

// handleTwinGet answers a request for the twin. The body of the request is
// ignored. A client that has not subscribed to responses gets none.
func (c *connection) handleTwinGet(packet *packets.PublishPacket, topic string) error {
	request, err := parseTwinRequest(http.MethodGet, topic)
	if err != nil {
		return err
	}
	failure := c.server.Faults.Next(fault.TwinGet, c)
	if c.injectInstead(failure) {
		return nil
	}
	c.acknowledge(packet)
	if c.injectTwinResponse(failure, request, http.StatusOK) {
		return nil
	}
	c.client.ReadTwin(func(t *twin.Twin, s registry.Subscriptions) {
		c.publishTwinRequest(request, http.StatusOK, "")
		c.respondTo(request, failure, s, http.StatusOK, 0, twinBody(t))
	})
	return nil
}

// handleReport merges a patch into the reported properties.
func (c *connection) handleReport(packet *packets.PublishPacket, topic string) error {
	request, err := parseTwinRequest(http.MethodPatch, topic)
	if err != nil {
		return err
	}
	failure := c.server.Faults.Next(fault.TwinPatch, c)
	if c.injectInstead(failure) {
		return nil
	}
	c.acknowledge(packet)
	if c.injectTwinResponse(failure, request, http.StatusBadGateway) {
		return nil
	}
	patch, err := twin.DecodeProperties(packet.Payload)
	if err != nil {
		c.refuseRequest(request, failure, err)
		return nil
	}
	expected, err := request.expectedVersion()
	if err != nil {
		c.refuseRequest(request, failure, err)
		return nil
	}
	var refusal error
	c.client.Report(patch, expected, func(s registry.Subscriptions, version int64, err error) {
		if err != nil {
			refusal = err
			c.respondWithError(request, failure, s, err)
			return
		}
		c.publishTwinRequest(request, http.StatusNoContent, "")
		c.respondTo(request, failure, s, http.StatusNoContent, version, nil)
	})
	if refusal != nil {
		c.logRefusal(refusal)
	}
	return nil
}

// expectedVersion returns the version that the reported properties must have
// for a report to be accepted, nil for any.
func (r twinRequest) expectedVersion() (*int64, error) {
	if r.version == "" {
		return nil, nil
	}
	version, err := strconv.ParseInt(r.version, 10, 64)
	if err != nil {
		return nil, huberror.InvalidArgument("The $version of the request is not a number.")
	}
	return &version, nil
}

// respondTo sends the response to a request, if the client has subscribed to
// responses.
func (c *connection) respondTo(r twinRequest, failure fault.Failure, s registry.Subscriptions, status int, version int64, body []byte) {
	if qos, subscribed := s[filterTwinResponses]; subscribed {
		c.publish(failure, r.responseTopic(status, version), qos, body)
	}
}

// refuseRequest refuses a request that has not reached the registry.
func (c *connection) refuseRequest(r twinRequest, failure fault.Failure, err error) {
	c.client.Subscriptions(func(s registry.Subscriptions) { c.respondWithError(r, failure, s, err) })
	c.logRefusal(err)
}

func (c *connection) logRefusal(err error) {
	refused := huberror.From(err)
	c.server.Log.Warn("twin request refused", "by", c.client.ID(), "status", refused.Status, "reason", refused.Error())
}

func (c *connection) respondWithError(r twinRequest, failure fault.Failure, s registry.Subscriptions, err error) {
	refused := huberror.From(err)
	c.publishTwinRequest(r, refused.Status, refused.Error())
	c.respondTo(r, failure, s, refused.Status, 0, errorBody(refused))
}

// errorBody returns the body of a refusal over MQTT. Official SDKs recognise a
// failure only by its errorCode.
func errorBody(refused *huberror.Error) []byte {
	return hubjson.Encode(struct {
		ErrorCode    int             `json:"errorCode"`
		TrackingID   string          `json:"trackingId"`
		Message      string          `json:"message"`
		Info         json.RawMessage `json:"info"`
		TimestampUTC string          `json:"timestampUtc"`
	}{refused.Number, huberror.TrackingID(uuid.New()), refused.Message, json.RawMessage("{}"), hubjson.FormatTime(time.Now())})
}

// twinBody returns the twin as its device or module sees it: two sections,
// with versions and without metadata.
func twinBody(t *twin.Twin) []byte {
	b := []byte(`{"desired":`)
	b = append(b, twin.EncodeSection(t.Desired.Properties, nil, t.Desired.Version)...)
	b = append(b, `,"reported":`...)
	b = append(b, twin.EncodeSection(t.Reported.Properties, nil, t.Reported.Version)...)
	return append(b, '}')
}

// Notify announces a change of desired properties to a client that has
// subscribed to them. Nothing is stored for a client that has not.
func (c *connection) Notify(s registry.Subscriptions, patch map[string]any, version int64) (missed string) {
	qos, subscribed := s[FilterDesired]
	if !subscribed {
		return "it has not subscribed to desired properties"
	}
	failure, what := c.server.Faults.NextUnlogged(fault.Notify, c)
	if what != "" {
		c.tasks.Go(func() { c.server.Faults.Log(what) }) // not right here, as the caller holds locks
	}
	if c.injectInstead(failure) {
		return "fault " + failure.String()
	}
	payload := twin.EncodeSection(patch, nil, version)
	failure, payload, last := injectNotification(failure, payload)
	missed = c.publish(failure, fmt.Sprintf("%s?$version=%d", topicDesired, version), qos, payload)
	if last {
		c.sendLast(nil)
	}
	return missed
}

package iotmodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"moduletwin/pkg/internal/errorbody"
	"moduletwin/pkg/iothub"
)

// response is the hub's response to a request.
type response struct {
	status  int
	version int64
	body    []byte
}

// The errors of an attempt after which a retry makes sense.
var (
	errConnectionLost = errors.New("the connection was lost")
	errNoResponse     = errors.New("the hub did not answer in time")
	errMalformed      = errors.New("the hub's response cannot be read")
	errNotSent        = errors.New("the request could not be sent")
	errOutdated       = errors.New("the twin changed while it was read")
)

// The names of the requests in errors and log lines.
const (
	opGetTwin        = "get the twin"
	opUpdateReported = "update the reported properties"
)

// getTwin reads the twin.
func (c *connection) getTwin(ctx context.Context) (iothub.Twin, error) {
	response, err := c.request(ctx, opGetTwin, getTopic, nil)
	if err != nil {
		return iothub.Twin{}, err
	}
	twin := iothub.Twin{DeviceID: c.module.DeviceID, ModuleID: c.module.ModuleID}
	if err := json.Unmarshal(response.body, &twin.Properties); err != nil || twin.Properties.Desired.Version() == 0 {
		return iothub.Twin{}, errMalformed
	}
	return twin, nil
}

// request is exchange, but returns an [*iothub.Error] for a status of 300 or
// more. op is the name of the request.
func (c *connection) request(ctx context.Context, op, topic string, body []byte) (response, error) {
	response, err := c.exchange(ctx, topic, body)
	if err != nil || response.status < 300 {
		return response, err
	}
	told := errorbody.Parse(response.body)
	return response, &iothub.Error{
		Op:         fmt.Sprintf("%s of %s", op, c.module.Owner()),
		StatusCode: response.status,
		Code:       told.Code,
		Message:    told.Message,
		TrackingID: told.TrackingID,
	}
}

// exchange publishes a request to topic, which ends in "$rid=", and waits for
// its response.
func (c *connection) exchange(ctx context.Context, topic string, body []byte) (response, error) {
	requestID := uuid.NewString()
	arrived, failed, err := c.send(topic, requestID, body)
	if err != nil {
		return response{}, err
	}
	defer c.forget(requestID)
	timer := time.NewTimer(c.limit)
	defer timer.Stop()
	select {
	case response := <-arrived:
		return response, nil
	case err := <-failed:
		if c.awaitLoss(ctx) != nil {
			return response{}, errConnectionLost
		}
		return response{}, err
	case <-c.lost:
		return response{}, errConnectionLost
	case <-timer.C:
		return response{}, errNoResponse
	case <-ctx.Done():
		return response{}, context.Cause(ctx)
	}
}

// send publishes a request. At most one of the channels gets something: its
// response, or the error of publishing.
func (c *connection) send(topic, requestID string, body []byte) (arrived <-chan response, failed <-chan error, err error) {
	responses, errs := make(chan response, 1), make(chan error, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if isClosed(c.lost) { // close may be waiting for publishing to end already, so nothing new may begin
		return nil, nil, fmt.Errorf("%w: %w", errNotSent, errConnectionLost)
	}
	c.waiting[requestID] = responses
	c.publishing.Go(func() {
		if err := c.publish(topic+requestID, body); err != nil {
			errs <- err
		}
	})
	return responses, errs, nil
}

func (c *connection) forget(requestID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, requestID)
}

// publish passes a packet to paho. If the connection ends at this moment, paho
// may wait in vain, so publish has its own goroutine and time limit.
func (c *connection) publish(topic string, body []byte) error {
	token := c.mqtt.Publish(topic, 0, false, body)
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return fmt.Errorf("%w: %w", errNotSent, err)
		}
	default: // paho has the packet; if the write fails, the connection is lost
	}
	return nil
}

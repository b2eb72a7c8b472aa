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

// response is what the hub says to a request.
type response struct {
	status  int
	version int64
	body    []byte
}

// The errors of one attempt after which another makes sense.
var (
	errConnectionLost = errors.New("the connection was lost")
	errNoResponse     = errors.New("the hub did not answer in time")
	errMalformed      = errors.New("the hub's response cannot be read")
	errNotSent        = errors.New("the request could not be sent")
	errOutdated       = errors.New("the twin changed while it was read")
)

// What is requested, for errors and the log.
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

// request is exchange, with a status of 300 or more as an error of type
// [*iothub.Error]. op says what is requested.
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
// the response to it.
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

// send publishes a request. Either its response arrives, or publishing has
// failed, or neither.
func (c *connection) send(topic, requestID string, body []byte) (arrived <-chan response, failed <-chan error, err error) {
	responses, errs := make(chan response, 1), make(chan error, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if isClosed(c.lost) { // close may be waiting for those who publish: there must be no more of them
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

// publish hands a packet to paho. That can wait in vain when the connection
// ends at this moment, so it has a goroutine and a limit of its own.
func (c *connection) publish(topic string, body []byte) error {
	token := c.mqtt.Publish(topic, 0, false, body)
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return fmt.Errorf("%w: %w", errNotSent, err)
		}
	default: // paho has it; should the write fail, the connection is lost
	}
	return nil
}

package iotmodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"moduletwin/pkg/internal/errorbody"
	"moduletwin/pkg/iothub"
)

// GetTwin reads the module's twin: both halves with their "$version". The
// hub tells a module nothing of the rest, so ETag, Version and Tags of the
// result are zero; DeviceID and ModuleID are those of the client.
//
// It waits for the connection, if that is lost just now, and for a hub that
// is busy, until ctx is done or the client is closed. Refusals are of type
// [*iothub.Error].
//
// See https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub#retrieving-a-device-twins-properties.
func (c *Client) GetTwin(ctx context.Context) (twin iothub.Twin, err error) {
	err = c.retry(ctx, func(conn *connection) error {
		twin, err = c.readTwin(ctx, conn)
		return err
	})
	if err != nil {
		return iothub.Twin{}, c.wrap("get the twin", err)
	}
	return twin, nil
}

// UpdateReported merges patch into the reported properties of the module's
// twin; nil removes a property. It returns their new version.
//
// It waits as [Client.GetTwin] does. If the connection is lost before the hub
// has answered, the patch is sent again, which leads to the same state.
//
// See https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub#update-device-twins-reported-properties.
func (c *Client) UpdateReported(ctx context.Context, patch map[string]any) (version int64, err error) {
	body, err := json.Marshal(patch)
	if err != nil {
		return 0, c.wrap("update the reported properties", err)
	}
	err = c.retry(ctx, func(conn *connection) error {
		response, err := c.request(ctx, conn, "update the reported properties", reportedTopic, body)
		version = response.version
		return err
	})
	if err != nil {
		return 0, c.wrap("update the reported properties", err)
	}
	return version, nil
}

// wrap says what failed, where the error does not say so itself.
func (c *Client) wrap(op string, err error) error {
	if refused := (*iothub.Error)(nil); errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("iotmodule: %s of %s: %w", op, c.module.Owner(), err)
}

func (c *Client) readTwin(ctx context.Context, conn *connection) (iothub.Twin, error) {
	response, err := c.request(ctx, conn, "get the twin", getTopic, nil)
	if err != nil {
		return iothub.Twin{}, err
	}
	twin := iothub.Twin{DeviceID: c.module.DeviceID, ModuleID: c.module.ModuleID}
	if err := json.Unmarshal(response.body, &twin.Properties); err != nil || twin.Properties.Desired.Version() == 0 {
		return iothub.Twin{}, errMalformed
	}
	return twin, nil
}

// The errors of one attempt after which another makes sense.
var (
	errConnectionLost = errors.New("the connection was lost")
	errNoResponse     = errors.New("the hub did not answer in time")
	errMalformed      = errors.New("the hub's response cannot be read")
	errNotSent        = errors.New("the request could not be sent")
)

// request makes one request over one connection.
func (c *Client) request(ctx context.Context, conn *connection, op, topic string, body []byte) (response, error) {
	response, err := conn.request(ctx, topic, body, c.timings.response)
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

// retry calls attempt with a connection until it succeeds, fails for good
// or ctx ends. An attempt cut short by the end of its connection is repeated
// on the next one, any other after a pause.
func (c *Client) retry(ctx context.Context, attempt func(*connection) error) error {
	var previous *connection
	for tries := 0; ; tries++ {
		conn, err := c.connected(ctx, previous)
		if err != nil {
			return err
		}
		switch err := attempt(conn); {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case isClosed(conn.lost) || errors.Is(err, errConnectionLost):
			previous, tries = conn, -1 // the next one begins anew
		case !isPassing(err):
			return err
		default:
			c.log.Debug("asking again", "because", err)
			if err := c.pause(ctx, c.timings.retry.Pause(tries)); err != nil {
				return err
			}
		}
	}
}

// isPassing reports whether the hub may answer otherwise a little later.
func isPassing(err error) bool {
	var refused *iothub.Error
	if errors.As(err, &refused) {
		return refused.StatusCode == http.StatusTooManyRequests || refused.StatusCode >= 500
	}
	return errors.Is(err, errNoResponse) || errors.Is(err, errMalformed) || errors.Is(err, errNotSent)
}

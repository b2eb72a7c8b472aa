package iotmodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
	err = c.retry(ctx, opGetTwin, func(conn *connection) error {
		twin, err = conn.getTwin(ctx)
		return err
	})
	if err != nil {
		return iothub.Twin{}, c.wrap(opGetTwin, err)
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
	body, err := json.Marshal(iothub.Properties(patch))
	if err != nil {
		return 0, c.wrap(opUpdateReported, err)
	}
	err = c.retry(ctx, opUpdateReported, func(conn *connection) error {
		response, err := conn.request(ctx, opUpdateReported, reportedTopic, body)
		version = response.version
		return err
	})
	if err != nil {
		return 0, c.wrap(opUpdateReported, err)
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

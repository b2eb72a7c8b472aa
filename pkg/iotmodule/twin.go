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
// [*iothub.Error]; when ctx ends first, the error wraps its cause and says what
// was in the way.
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
// has answered, the patch is sent again, which leads to the same state. An
// error matches [iothub.ErrOutcomeUnknown] if the hub may have carried it out
// all the same, and [iothub.ErrInvalid] if patch is not JSON.
//
// See https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub#update-device-twins-reported-properties.
func (c *Client) UpdateReported(ctx context.Context, patch iothub.Properties) (version int64, err error) {
	if patch == nil {
		patch = iothub.Properties{} // in JSON, nil is no object
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return 0, c.wrap(opUpdateReported, invalidError{err})
	}
	uncertain := false // whether the hub may have carried it out
	err = c.retry(ctx, opUpdateReported, func(conn *connection) error {
		response, err := conn.request(ctx, opUpdateReported, reportedTopic, body)
		version = response.version
		uncertain = isUncertain(err, uncertain)
		return err
	})
	if err != nil && uncertain {
		err = fmt.Errorf("%w; %w", err, iothub.ErrOutcomeUnknown)
	}
	if err != nil {
		return 0, c.wrap(opUpdateReported, err)
	}
	return version, nil
}

// isUncertain reports whether the hub may have carried out an update after an
// attempt that ended with err; before is what was known before it.
func isUncertain(err error, before bool) bool {
	var refused *iothub.Error
	switch {
	case err == nil, errors.As(err, &refused) && !isPassing(err): // an earlier attempt fared no better
		return false
	case refused != nil, errors.Is(err, errNotSent):
		return before
	}
	return true
}

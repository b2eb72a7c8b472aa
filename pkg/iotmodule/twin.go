package iotmodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"moduletwin/pkg/iothub"
)

// GetTwin reads the module's twin: both halves with their "$version". A hub
// does not show the rest of a twin to the module, so ETag, Version and Tags of
// the result are zero; DeviceID and ModuleID are those of the client.
//
// If the connection is lost at the moment or the hub is busy, GetTwin waits and
// retries, at most until ctx is done, the client is closed or it has given up.
// If the hub refuses the request, the error is of type [*iothub.Error]. If ctx
// ends first, the error wraps its cause and says what GetTwin was waiting for.
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
// twin; nil removes a property. It returns their new version. "$version" and
// "$metadata" in patch are left out.
//
// It waits like [Client.GetTwin]. If the connection is lost before the hub has
// answered, the patch is sent again, which leads to the same state. An error
// matches [iothub.ErrOutcomeUnknown] if the hub may still have carried out the
// update, and [iothub.ErrInvalid] if patch cannot be written as JSON or is
// larger than the 256 KiB that hubs read.
//
// See https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub#update-device-twins-reported-properties.
func (c *Client) UpdateReported(ctx context.Context, patch iothub.Properties) (version int64, err error) {
	body, err := encodeReport(patch)
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

// maxReport is the size of the largest message that a hub reads, in bytes. It
// closes the connection if a message is larger.
const maxReport = 256 << 10

// encodeReport returns patch as JSON, without what the hub itself adds to the
// properties, so that properties that were read can be reported.
func encodeReport(patch iothub.Properties) ([]byte, error) {
	own := maps.Clone(patch)
	if own == nil {
		own = iothub.Properties{} // nil would be null, which is not an object
	}
	delete(own, "$version")
	delete(own, "$metadata")
	body, err := json.Marshal(own)
	if err == nil && len(body) > maxReport {
		err = fmt.Errorf("the patch has %d bytes, hubs read %d at most", len(body), maxReport)
	}
	return body, err
}

// isUncertain reports whether the hub may have carried out an update after an
// attempt that ended with err. before is the answer before that attempt.
func isUncertain(err error, before bool) bool {
	var refused *iothub.Error
	switch {
	case err == nil, errors.As(err, &refused) && !isTemporary(err): // for the same patch, so an earlier attempt was refused as well
		return false
	case refused != nil && refused.StatusCode == http.StatusTooManyRequests, errors.Is(err, errNotSent):
		return before
	}
	return true
}

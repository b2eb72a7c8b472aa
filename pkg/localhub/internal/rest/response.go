package rest

import (
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/hubjson"
)

// render completes the header and returns the status and body of a response or,
// if err is not nil, of a refusal.
func render(header http.Header, requestID uuid.UUID, r *response, err error) (status int, body []byte) {
	header.Set("Server", "Microsoft-HTTPAPI/2.0")
	header.Set("Vary", "Origin")
	header.Set("x-ms-request-id", requestID.String())
	switch {
	case err != nil:
		refused := huberror.From(err)
		header.Set("iothub-errorcode", refused.Code)
		status, body = refused.Status, errorBody(refused, requestID)
	case r.body != nil:
		status, body = r.status, hubjson.Encode(r.body)
	default:
		return r.status, nil
	}
	if r != nil && r.etag != "" {
		header.Set("ETag", `"`+r.etag+`"`)
	}
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	return status, body
}

// errorBody returns the body of a refusal over HTTPS:
//
//	{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:…"}
func errorBody(refused *huberror.Error, requestID uuid.UUID) []byte {
	return hubjson.Encode(struct{ Message, ExceptionMessage string }{
		Message:          "ErrorCode:" + refused.Code + ";" + refused.Message,
		ExceptionMessage: "Tracking ID:" + huberror.TrackingID(requestID),
	})
}

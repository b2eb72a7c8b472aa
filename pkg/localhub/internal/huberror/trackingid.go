package huberror

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// TrackingID is what Azure asks for in support requests, in its shape.
func TrackingID(request uuid.UUID) string {
	return strings.ToUpper(strings.ReplaceAll(request.String(), "-", "")) + "-G:0-TimeStamp:" + time.Now().UTC().Format("01/02/2006 15:04:05")
}

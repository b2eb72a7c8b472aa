package huberror

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// TrackingID returns request in the format of the tracking ids that Azure asks
// for in support requests.
func TrackingID(request uuid.UUID) string {
	return strings.ToUpper(strings.ReplaceAll(request.String(), "-", "")) + "-G:0-TimeStamp:" + time.Now().UTC().Format("01/02/2006 15:04:05")
}

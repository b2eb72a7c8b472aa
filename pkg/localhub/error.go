package localhub

import (
	"errors"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/huberror"
)

// ErrClosed says that the hub is closed.
var ErrClosed = errors.New("the hub is closed")

// refusal returns err, for which a method of the hub was refused op, as clients
// see it. Its message is the one for the log, which says more.
func refusal(op string, err error) error {
	refused := huberror.From(err)
	return &iothub.Error{Op: op, StatusCode: refused.Status, Code: refused.Code, Message: refused.Error()}
}

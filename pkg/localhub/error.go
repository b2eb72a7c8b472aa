package localhub

import (
	"errors"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub/internal/huberror"
)

// ErrClosed says that the hub is closed.
var ErrClosed = errors.New("the hub is closed")

// refusal returns the error that a client would get if the hub refused op
// because of err. Its message is the one for the log, which has more detail.
func refusal(op string, err error) error {
	refused := huberror.From(err)
	return &iothub.Error{Op: op, StatusCode: refused.Status, Code: refused.Code, Message: refused.Error()}
}

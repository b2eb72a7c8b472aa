package sample

import (
	"errors"
	"path/filepath"
	"strings"

	"moduletwin/pkg/internal/hint"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
)

// WithHint adds to an error what the user can do about it: one or more
// sentences. [iothub.Hint] returns them after its own, and [Main] prints all of
// them on one line.
func WithHint(err error, sentences string) error { return &hint.Error{Err: err, Hint: sentences} }

// nextStep returns what the user can do about err: the hint of [iothub.Hint],
// such as "Nothing is listening there. …", and the one of this tutorial.
func (p Program) nextStep(err error, connection iothub.ConnectionString) string {
	var own string
	switch {
	case hint.IsRefused(err) && trust.IsLoopback(connection.Host()):
		own = "Start it in another window with " + filepath.FromSlash("bin/localhub") + "; if it runs there and was told to refuse connections, type unblock."
	case connection.ModuleID != "" && errors.Is(err, iothub.ErrUnauthorized):
		own = p.Variable.source
	}
	return strings.TrimSpace(iothub.Hint(err) + " " + own)
}

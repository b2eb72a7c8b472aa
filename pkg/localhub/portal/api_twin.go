package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// getTwin answers the twin of a device or module.
func (p *Portal) getTwin(r *http.Request) (any, error) {
	id := inQuery(r)
	twin, found := p.hub.Twin(id.Device, id.Module)
	if !found {
		return nil, missing(id)
	}
	return twin, nil
}

// edit is a section of a twin as somebody has written it, and as it was
// before.
type edit struct {
	identityOf
	Section string         `json:"section"` // "desired" or "tags"
	Base    map[string]any `json:"base"`
	Text    string         `json:"text"`
	ETag    string         `json:"etag"`
}

// draft is what the page learns of an edit before it is saved: the patch that
// would be sent, or what is wrong with it.
type draft struct {
	Patch   map[string]any `json:"patch"`
	Problem *problem       `json:"problem,omitempty"`
}

// problem says why the hub would not take an edit. The line is 0 if it is
// valid JSON, but breaks a rule.
type problem struct {
	Line    int    `json:"line,omitempty"` // both count from 1
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// conflict is what comes instead of an answer when somebody else was faster.
type conflict struct {
	Twin   iothub.Twin    `json:"twin"`   // as it is now
	Merged map[string]any `json:"merged"` // the section now, with the patch of the edit applied
}

// checkTwin says what saving an edit would do, by the hub's own rules.
func (p *Portal) checkTwin(r *http.Request) (any, error) {
	e, err := decodeEdit(r)
	if err != nil {
		return nil, err
	}
	patch, problem := e.patch()
	if problem != nil {
		return draft{Problem: problem}, nil
	}
	return draft{Patch: patch, Problem: p.refusal(e, patch)}, nil
}

// changeTwin saves an edit: as a patch, and only if nobody has written to the
// twin since.
func (p *Portal) changeTwin(r *http.Request) (any, error) {
	e, err := decodeEdit(r)
	if err != nil {
		return nil, err
	}
	patch, problem := e.patch()
	if problem != nil {
		return nil, failf(http.StatusBadRequest, "Invalid", "%s", problem.Message)
	}
	twin, err := p.update(r, e, patch)
	if errors.Is(err, iothub.ErrPreconditionFailed) {
		return nil, p.conflict(e, patch)
	}
	return twin, err
}

func (p *Portal) update(r *http.Request, e edit, patch map[string]any) (iothub.Twin, error) {
	if e.Module == "" {
		return p.registry.UpdateDeviceTwin(r.Context(), e.Device, e.twinPatch(patch), e.ETag)
	}
	return p.registry.UpdateModuleTwin(r.Context(), e.Device, e.Module, e.twinPatch(patch), e.ETag)
}

func (p *Portal) conflict(e edit, patch map[string]any) error {
	twin, found := p.hub.Twin(e.Device, e.Module)
	if !found {
		return missing(e.identityOf)
	}
	now := twin.Tags
	if e.Section == "desired" {
		now = twin.Properties.Desired.UserProperties()
	}
	return &failure{
		Status:   http.StatusPreconditionFailed,
		Code:     "PreconditionFailed",
		Conflict: &conflict{Twin: twin, Merged: mergepatch.Merge(now, patch)},
	}
}

// refusal asks the hub what it would say to the patch.
func (p *Portal) refusal(e edit, patch map[string]any) *problem {
	if err := p.hub.CheckPatch(e.Device, e.Module, e.twinPatch(patch)); err != nil {
		return &problem{Message: cause(err).Error()}
	}
	return nil
}

// cause returns the hub's own words, without what was tried.
func cause(err error) error {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

func decodeEdit(r *http.Request) (e edit, err error) {
	in := json.NewDecoder(r.Body)
	in.UseNumber() // numbers stay as they were written
	if err := in.Decode(&e); err != nil {
		return e, failf(http.StatusBadRequest, "Invalid", "the request is malformed: %v", err)
	}
	if e.Section != "desired" && e.Section != "tags" {
		return e, failf(http.StatusBadRequest, "Invalid", "there is no section %q to be edited", e.Section)
	}
	return e, nil
}

// patch returns the difference between what was there and what was written.
func (e edit) patch() (map[string]any, *problem) {
	var now map[string]any
	in := json.NewDecoder(bytes.NewReader([]byte(e.Text)))
	in.UseNumber()
	err := in.Decode(&now)
	offset := in.InputOffset()
	if err == nil && now == nil {
		err = errNoObject
	}
	if err == nil {
		if _, more := in.Token(); more != io.EOF {
			err = errTooMuch
		}
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		offset = syntax.Offset - 1
	}
	switch kind := (*json.UnmarshalTypeError)(nil); {
	case err == nil:
		return mergepatch.Diff(e.Base, now), nil
	case errors.As(err, &kind):
		err, offset = errNoObject, 0
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		err, offset = errUnfinished, int64(len(e.Text))
	}
	line, column := position(e.Text, offset)
	return nil, &problem{Line: line, Column: column, Message: err.Error()}
}

var (
	errNoObject   = errors.New("it is not a JSON object in braces")
	errTooMuch    = errors.New("something follows the closing brace")
	errUnfinished = errors.New("the end is missing")
)

// position returns where an offset is, both counted from 1, the column in
// characters.
func position(text string, offset int64) (line, column int) {
	before := text[:max(0, min(int(offset), len(text)))]
	line = 1 + bytes.Count([]byte(before), []byte("\n"))
	start := bytes.LastIndexByte([]byte(before), '\n') + 1
	return line, 1 + len([]rune(before[start:]))
}

// twinPatch puts patch where it belongs.
func (e edit) twinPatch(patch map[string]any) iothub.TwinPatch {
	if e.Section == "tags" {
		return iothub.TwinPatch{Tags: patch}
	}
	return iothub.TwinPatch{Desired: patch}
}

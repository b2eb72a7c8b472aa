package portal

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"moduletwin/pkg/internal/mergepatch"
	"moduletwin/pkg/iothub"
)

// getTwin answers with the twin of a device or module.
func (p *Portal) getTwin(r *http.Request) (any, error) {
	id := inQuery(r)
	twin, found := p.hub.Twin(id.Device, id.Module)
	if !found {
		return nil, missing(id)
	}
	return twin, nil
}

// edit is a section of a twin as the user has edited it, and as it was before.
type edit struct {
	identityID
	Section string         `json:"section"` // "desired" or "tags"
	Base    map[string]any `json:"base"`
	Text    string         `json:"text"`
	ETag    string         `json:"etag"`
}

// draft says what would happen if an edit were saved: the patch that would be
// sent, or what is wrong with it.
type draft struct {
	Patch   map[string]any `json:"patch"`
	Problem *problem       `json:"problem,omitempty"`
}

// problem says why the hub would not accept an edit. If the text is not a JSON
// object, Kind is set; if it breaks a rule, Message is set.
type problem struct {
	Kind    string `json:"kind,omitempty"` // "character", "object", "more" or "end"; the page has a text for each
	Line    int    `json:"line,omitempty"` // Line and Column count from 1
	Column  int    `json:"column,omitempty"`
	Found   string `json:"found,omitempty"`   // the character that does not belong there
	Message string `json:"message,omitempty"` // the hub's message
}

// conflict is part of the response if somebody else has changed the twin since
// the edit began.
type conflict struct {
	Twin   iothub.Twin    `json:"twin"`   // as it is now
	Merged map[string]any `json:"merged"` // the current section with the edit's patch applied
}

// checkTwin says what saving an edit would do, according to the rules of the
// hub itself.
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

// changeTwin saves an edit as a patch, but only if nobody has changed the twin
// since the edit began.
func (p *Portal) changeTwin(r *http.Request) (any, error) {
	e, err := decodeEdit(r)
	if err != nil {
		return nil, err
	}
	patch, problem := e.patch()
	if problem != nil {
		return nil, failf(http.StatusBadRequest, "Invalid", "not a JSON object: error at line %d, column %d", problem.Line, problem.Column)
	}
	twin, err := p.update(r, e, patch)
	if errors.Is(err, iothub.ErrPreconditionFailed) {
		return nil, p.conflict(e, patch)
	}
	return twin, err
}

func (p *Portal) update(r *http.Request, e edit, patch map[string]any) (iothub.Twin, error) {
	if e.Module == "" {
		return p.registry().UpdateDeviceTwin(r.Context(), e.Device, e.twinPatch(patch), e.ETag)
	}
	return p.registry().UpdateModuleTwin(r.Context(), e.Device, e.Module, e.twinPatch(patch), e.ETag)
}

func (p *Portal) conflict(e edit, patch map[string]any) error {
	twin, found := p.hub.Twin(e.Device, e.Module)
	if !found {
		return missing(e.identityID)
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

// refusal asks the hub whether it would accept the patch, and returns why not.
func (p *Portal) refusal(e edit, patch map[string]any) *problem {
	if err := p.hub.CheckPatch(e.Device, e.Module, e.twinPatch(patch)); err != nil {
		return &problem{Message: describe(err).Message}
	}
	return nil
}

func decodeEdit(r *http.Request) (e edit, err error) {
	if err := decode(r, &e); err != nil {
		return e, err
	}
	if e.Section != "desired" && e.Section != "tags" {
		return e, failf(http.StatusBadRequest, "Invalid", "there is no section %q that can be edited", e.Section)
	}
	return e, nil
}

// patch returns the patch that turns the section as it was into the section as
// it was edited.
func (e edit) patch() (map[string]any, *problem) {
	var now map[string]any
	in := json.NewDecoder(strings.NewReader(e.Text))
	in.UseNumber()
	if err := in.Decode(&now); err != nil {
		return nil, e.problem(err)
	}
	if now == nil { // the text is null
		return nil, e.problemAt("object", 0)
	}
	end := in.InputOffset()
	if _, err := in.Token(); err != io.EOF {
		return nil, e.problemAt("more", end)
	}
	return mergepatch.Diff(e.Base, now), nil
}

// problem translates an error of the decoder.
func (e edit) problem(err error) *problem {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) && syntax.Offset > 0 && syntax.Offset <= int64(len(e.Text)) {
		p := e.problemAt("character", syntax.Offset-1)
		found, _ := utf8.DecodeRuneInString(e.Text[syntax.Offset-1:])
		p.Found = string(found)
		return p
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return e.problemAt("object", 0)
	}
	return e.problemAt("end", int64(len(e.Text)))
}

func (e edit) problemAt(kind string, offset int64) *problem {
	line, column := position(e.Text, offset)
	return &problem{Kind: kind, Line: line, Column: column}
}

// position returns the line and column of an offset. Both count from 1; columns
// are characters.
func position(text string, offset int64) (line, column int) {
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])
}

// twinPatch returns patch as a patch of the section that is edited.
func (e edit) twinPatch(patch map[string]any) iothub.TwinPatch {
	if e.Section == "tags" {
		return iothub.TwinPatch{Tags: patch}
	}
	return iothub.TwinPatch{Desired: patch}
}

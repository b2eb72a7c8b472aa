package iothub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"moduletwin/pkg/internal/printable"
)

// Properties is one half of a twin, its tags, or a patch of these, as decoded
// JSON: numbers are float64, a null in a patch is nil and removes the
// property. Beside the user's properties a half holds what the hub adds,
// "$version" and, on the service side, "$metadata". A nil Properties has
// none.
//
// What was read can be written again, see [Properties.MarshalJSON].
type Properties map[string]any

// Version returns "$version", which grows with every change of this half.
// It is 0 if there is none.
func (p Properties) Version() int64 {
	switch version := p["$version"].(type) {
	case float64:
		if version >= 1 && version < 1<<53 && version == math.Trunc(version) {
			return int64(version)
		}
	case int64:
		return version
	case int:
		return int64(version)
	case json.Number:
		n, _ := version.Int64()
		return n
	}
	return 0
}

// UserProperties returns the properties without those of the hub, whose
// names begin with "$". The values are shared.
func (p Properties) UserProperties() map[string]any {
	user := make(map[string]any, len(p))
	for name, value := range p {
		if name == "" || name[0] != '$' {
			user[name] = value
		}
	}
	return user
}

// String returns the properties as one line of JSON, sorted by name; nil is
// "null". It is safe to show in a terminal.
func (p Properties) String() string {
	text, err := p.MarshalJSON()
	if err != nil {
		return printable.Line(fmt.Sprintf("%v", map[string]any(p)), 2000) // not from JSON: a channel, say
	}
	return string(text)
}

// MarshalJSON returns the properties as JSON with two precautions. IoT Hub
// takes integers of 53 bits only, but any float64, so a float64 beyond that
// has an exponent: it is 1e20, not 100000000000000000000. And what a
// terminal would obey, such as U+009B, or what turns the direction of text,
// is escaped in names and values.
func (p Properties) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // the caller's encoder does, if it is to be
	if err := out.Encode(writable(map[string]any(p))); err != nil {
		return nil, err
	}
	return printable.JSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

package iothub

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"moduletwin/pkg/internal/printable"
)

// Properties holds one half of a twin, the tags of a twin, or a patch of one of
// these, as decoded JSON: numbers are float64, and a null is nil, which in a
// patch removes the property. In addition to the user's properties, the hub
// adds "$version" and, on the service side, "$metadata". A nil Properties is
// empty.
//
// Properties that were read can be written again; see [Properties.MarshalJSON].
type Properties map[string]any

// Version returns "$version", which increases with every change of this half of
// the twin, or 0 if there is none.
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

// UserProperties returns the properties without those that the hub adds, whose
// names begin with "$". The values are not copied.
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

// MarshalJSON returns the properties as JSON, with two precautions. First, IoT
// Hub accepts any float64 but no integers of more than 53 bits, so a larger
// float64 is written with an exponent: 1e20, not 100000000000000000000. Second,
// characters that control a terminal, such as U+009B, or that change the
// direction of text are escaped in names and values.
func (p Properties) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // the caller's encoder does that if it is wanted
	if err := out.Encode(writable(map[string]any(p))); err != nil {
		return nil, err
	}
	return printable.JSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

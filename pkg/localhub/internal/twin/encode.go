package twin

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"moduletwin/pkg/localhub/internal/hubjson"
)

// Encode returns the twin as it is stored; json.Unmarshal reads it.
func (t *Twin) Encode() []byte {
	b := append([]byte(nil), `{"updates":`...)
	b = strconv.AppendInt(b, t.Updates, 10)
	b = append(b, `,"tags":`...)
	b = appendValue(b, t.Tags)
	b = append(b, `,"desired":`...)
	b = t.Desired.append(b)
	b = append(b, `,"reported":`...)
	b = t.Reported.append(b)
	return append(b, '}')
}

func (s Section) append(b []byte) []byte {
	b = append(b, `{"version":`...)
	b = strconv.AppendInt(b, s.Version, 10)
	b = append(b, `,"properties":`...)
	b = appendProperties(b, s.Properties, s.Metadata)
	b = append(b, `,"metadata":`...)
	b = s.Metadata.append(b)
	return append(b, '}')
}

// EncodeSection returns properties as JSON, followed by what the hub adds to
// them: the metadata, unless it is nil, and the version.
func EncodeSection(properties map[string]any, metadata *Metadata, version int64) []byte {
	b := appendProperties(nil, properties, metadata)
	b = b[:len(b)-1]
	if len(properties) > 0 {
		b = append(b, ',')
	}
	if metadata != nil {
		b = append(b, `"$metadata":`...)
		b = append(metadata.append(b), ',')
	}
	b = append(b, `"$version":`...)
	b = strconv.AppendInt(b, version, 10)
	return append(b, '}')
}

// appendProperties is appendValue for properties with their metadata, which may
// be nil. The metadata has the names in order, so they need not be sorted.
func appendProperties(b []byte, properties map[string]any, m *Metadata) []byte {
	if m == nil || len(m.children) != len(properties) {
		return appendValue(b, properties)
	}
	b = append(b, '{')
	for i, child := range m.children {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, child.name), ':')
		if object, isObject := properties[child.name].(map[string]any); isObject {
			b = appendProperties(b, object, child.metadata)
		} else {
			b = appendValue(b, properties[child.name])
		}
	}
	return append(b, '}')
}

// appendValue appends a decoded value as [hubjson.Encode] would write it, but
// several times as fast.
func appendValue(b []byte, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		return appendObject(b, value)
	case []any:
		b = append(b, '[')
		for i, element := range value {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, element)
		}
		return append(b, ']')
	case string:
		return appendText(b, value)
	case json.Number:
		return append(b, value...)
	case bool:
		return strconv.AppendBool(b, value)
	default:
		return append(b, "null"...) // in arrays of twins that earlier versions stored
	}
}

func appendObject(b []byte, object map[string]any) []byte {
	names := make([]string, 0, 8) // on the stack
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendValue(b, object[name])
	}
	return append(b, '}')
}

// appendText appends a JSON string. Most strings need no escapes.
func appendText(b []byte, text string) []byte {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return append(b, hubjson.Encode(text)...)
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// append appends m as JSON to b.
func (m *Metadata) append(b []byte) []byte {
	w := metadataWriter{b: b}
	w.write(m)
	return w.b
}

// metadataWriter writes Metadata as JSON. It copies a stamp that equals the
// previous one instead of formatting it again, as most properties of a large
// section were written together.
type metadataWriter struct {
	b        []byte
	last     stamp
	from, to int // where last is in b
}

func (w *metadataWriter) write(m *Metadata) {
	w.b = append(w.b, '{')
	w.writeStamp(m.stamp)
	for _, child := range m.children {
		w.b = append(appendText(append(w.b, ','), child.name), ':')
		w.write(child.metadata)
	}
	w.b = append(w.b, '}')
}

func (w *metadataWriter) writeStamp(s stamp) {
	if w.to > 0 && s == w.last {
		w.b = append(w.b, w.b[w.from:w.to]...)
		return
	}
	w.from = len(w.b)
	w.b = append(w.b, `"$lastUpdated":"`...)
	w.b = s.updated.UTC().AppendFormat(w.b, hubjson.TimeLayout)
	w.b = append(w.b, '"')
	if s.version > 0 {
		w.b = append(w.b, `,"$lastUpdatedVersion":`...)
		w.b = strconv.AppendInt(w.b, s.version, 10)
	}
	w.last, w.to = s, len(w.b)
}

package localhub

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// encode returns value as JSON that leaves <, > and & alone, as Azure does.
// The hub encodes only what it made or decoded itself, which cannot fail.
func encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("localhub: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// decode reads one JSON value and keeps numbers as they are written.
func decode(data []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one JSON value")
	}
	return nil
}

// describe says in what way a body is not what decode was to read.
func describe(err error) string {
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return fmt.Sprintf("The value of '%s' cannot be a JSON %s.", kind.Field, kind.Value)
	}
	return "The body is not valid JSON."
}

// encodeSection returns properties as JSON, and after them what the hub adds
// to them: the metadata, unless nil, and the version.
func encodeSection(properties map[string]any, metadata *metadata, version int64) []byte {
	b := []byte("{")
	if len(properties) > 0 {
		b = encode(properties)
		b[len(b)-1] = ','
	}
	if metadata != nil {
		b = append(b, `"$metadata":`...)
		b = append(metadata.append(b), ',')
	}
	b = append(b, `"$version":`...)
	b = strconv.AppendInt(b, version, 10)
	return append(b, '}')
}

// timeLayout has up to seven digits of a second's fraction.
const timeLayout = "2006-01-02T15:04:05.9999999Z"

// formatTime writes a time as IoT Hub does; the zero time, "never", is year 1.
func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

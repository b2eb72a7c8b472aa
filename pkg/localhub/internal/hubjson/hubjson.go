// Package hubjson reads and writes JSON as IoT Hub does.
package hubjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Encode returns value as JSON that leaves <, > and & alone, as Azure does.
// The hub encodes only what it made or decoded itself, which cannot fail.
func Encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("localhub: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Decode reads one JSON value and keeps numbers as they are written. Text that
// is not Unicode is an error: package json would put other characters in its
// place.
func Decode(data []byte, value any) error {
	if err := checkText(data); err != nil {
		return err
	}
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

// Describe says in what way a body is not what Decode was to read.
func Describe(err error) string {
	if text := (*textError)(nil); errors.As(err, &text) {
		return "The body is not valid JSON: " + text.Error() + "."
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return fmt.Sprintf("The value of '%s' cannot be a JSON %s.", kind.Field, kind.Value)
	}
	return "The body is not valid JSON."
}

// TimeLayout has up to seven digits of a second's fraction.
const TimeLayout = "2006-01-02T15:04:05.9999999Z"

// FormatTime writes a time as IoT Hub does; the zero time, "never", is year 1.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }

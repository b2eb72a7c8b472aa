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

// Encode returns value as JSON in which <, > and & are not escaped, as in
// Azure. It panics on an error: the hub encodes only values that it has built
// or decoded itself, which cannot fail.
func Encode(value any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic("localhub: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Decode reads a single JSON value and keeps numbers as they are written. Text
// that is not valid Unicode is an error, as package json would silently replace
// characters in it.
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

// Describe says, for the client, why Decode could not read a body.
func Describe(err error) string {
	if text := (*textError)(nil); errors.As(err, &text) {
		return "The body is not valid JSON: " + text.Error() + "."
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		return fmt.Sprintf("The value of '%s' cannot be a JSON %s.", kind.Field, kind.Value)
	}
	return "The body is not valid JSON."
}

// TimeLayout is the layout of IoT Hub's times, with up to seven digits of a
// fraction of a second.
const TimeLayout = "2006-01-02T15:04:05.9999999Z"

// FormatTime writes a time as IoT Hub does; the zero time, in the year 1, means
// "never".
func FormatTime(t time.Time) string { return t.UTC().Format(TimeLayout) }

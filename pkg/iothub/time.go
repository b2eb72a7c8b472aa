package iothub

import (
	"fmt"
	"time"
)

// Time is a point in time as IoT Hub writes it: in UTC, with up to seven
// decimals of a second. The hub writes "never" as year 1; that is the zero
// Time, for which IsZero is true.
type Time struct{ time.Time }

// UnmarshalText accepts both forms that the hub sends: with a Z at the end and,
// in the response to a create, without it.
func (t *Time) UnmarshalText(text []byte) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} { // parsing accepts any fraction
		if parsed, err := time.Parse(layout, string(text)); err == nil {
			t.Time = parsed.UTC()
			return nil
		}
	}
	return fmt.Errorf("%q is not a time as IoT Hub writes it", text)
}

// UnmarshalJSON is UnmarshalText for a JSON string. null is the zero Time.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		t.Time = time.Time{}
		return nil
	}
	if len(data) < 2 || data[0] != '"' {
		return fmt.Errorf("%s is not a time as IoT Hub writes it", data)
	}
	return t.UnmarshalText(data[1 : len(data)-1])
}

// MarshalJSON writes the form with a Z at the end.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"2006-01-02T15:04:05.9999999Z"`)), nil
}

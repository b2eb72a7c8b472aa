package main

import (
	"encoding/json"
	"errors"
	"strings"
)

// set adds name=value to properties: a value that is JSON as it stands, so
// that null deletes and no digit is lost, any other as a string.
func set(properties map[string]any, assignment string) error {
	name, value, found := strings.Cut(assignment, "=")
	if !found || name == "" {
		return errors.New("it has to be name=value")
	}
	if name[0] == '$' {
		return errors.New("names with a $ are the hub's own")
	}
	var decoded any
	switch err := json.Unmarshal([]byte(value), &decoded); {
	case err == nil:
		properties[name] = json.RawMessage(value)
	case json.Valid([]byte(value)): // but no number is as large as that
		return errors.New("it holds a number that is too large")
	default:
		properties[name] = value
	}
	return nil
}

package main

import (
	"encoding/json"
	"errors"
	"flag"
	"strings"
)

// settings are the values of the flags.
type settings struct {
	deviceID, moduleID string

	show    bool // and change nothing
	desired map[string]any
}

func addFlags() *settings {
	s := &settings{desired: map[string]any{}}
	flag.StringVar(&s.deviceID, "device", "myFirstDevice", "`id` of the device identity")
	flag.StringVar(&s.moduleID, "module", "myFirstModule", "`id` of the module identity")
	flag.Func("set", "desired property, as `name=value`, may be repeated; the value is JSON or else a string, null deletes (default telemetryInterval=122)",
		func(assignment string) error { return set(s.desired, assignment) })
	flag.BoolVar(&s.show, "show", false, "show the properties and change nothing")
	return s
}

func (s *settings) check() error {
	if s.show && len(s.desired) > 0 {
		return errors.New("-show and -set cannot be combined")
	}
	return nil
}

// patch returns the properties to change, or nil to change nothing.
func (s *settings) patch() map[string]any {
	switch {
	case s.show:
		return nil
	case len(s.desired) == 0:
		return map[string]any{"telemetryInterval": 122}
	default:
		return s.desired
	}
}

// set adds name=value to properties. A value that is JSON is added unchanged, so
// that null deletes the property and no digit is lost; any other value is a
// string. A value that begins like JSON but is not is an error: in most cases,
// the shell has removed the quotes.
func set(properties map[string]any, assignment string) error {
	name, value, found := strings.Cut(assignment, "=")
	if !found || name == "" {
		return errors.New("it has to be name=value")
	}
	if name[0] == '$' {
		return errors.New("names that begin with $ are reserved for the hub")
	}
	var decoded any
	switch err := json.Unmarshal([]byte(value), &decoded); {
	case err == nil:
		properties[name] = json.RawMessage(value)
	case json.Valid([]byte(value)): // but it holds a number beyond float64
		return errors.New("it holds a number that is too large")
	case strings.IndexAny(value, `{["`) == 0:
		return errors.New(`it begins like JSON but is not valid: put names and strings in double quotes and the whole in single quotes: -set 'a={"b":3}'`)
	default:
		properties[name] = value
	}
	return nil
}

package event

import "strings"

// maxText is the limit for every text in an event, in bytes.
const maxText = 1000

// shorten makes e take little memory. Events quote what anybody sends to the
// hub, without having signed in, and recordings remember many of them.
func (e *Event) shorten() {
	for _, text := range []*string{&e.DeviceID, &e.ModuleID, &e.By, &e.RemoteAddr, &e.Method, &e.Path, &e.Reason} {
		*text = short(*text)
	}
}

// short returns a copy of text that is cut, between characters, if it is too
// long. A text that is short is copied as well: if it is part of a long one,
// such as a user name, it would keep all of that in memory.
func short(text string) string {
	if len(text) <= maxText {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

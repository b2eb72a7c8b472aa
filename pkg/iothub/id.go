package iothub

import "strings"

// The rules for ids are those of
// https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-identity-registry.
// The local hub has its own copy of them, on purpose: it tests this package, so
// it must not share its mistakes.

// maxIDLength is the limit for device ids and for module ids, in characters.
const maxIDLength = 128

// checkID returns an error that matches [ErrInvalid] if no hub accepts the id.
// kind is "device" or "module". The error does not quote the id (other than "."
// and ".."): in a malformed connection string, it may contain the key.
func checkID(kind, id string) error {
	switch id {
	case "":
		return invalidf("the %s id is empty", kind)
	case ".", "..":
		return invalidf("the %s id %q would be mistaken for a part of the path", kind, id) // escaped or not
	}
	for _, r := range id {
		if !isIDRune(r) {
			return invalidf("the %s id contains %q; allowed are ASCII letters, digits and - : . + %% _ # * ? ! ( ) , = @ ; $ '", kind, r)
		}
	}
	if len(id) > maxIDLength {
		return invalidf("the %s id has %d characters, the limit is %d", kind, len(id), maxIDLength)
	}
	return nil
}

func isIDRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		strings.ContainsRune("-:.+%_#*?!(),=@;$'", r)
}

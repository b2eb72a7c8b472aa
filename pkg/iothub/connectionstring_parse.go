package iothub

import (
	"fmt"
	"strings"
	"unicode"
)

// ParseConnectionString reads the form that the Azure portal shows: Name=Value
// pairs separated by semicolons. It tolerates what copying adds (surrounding
// quotes, white space, a semicolon at the end) and is strict about everything
// else: unknown, repeated and missing names, ids outside IoT Hub's character
// set, keys that are not base64. Connection strings for X.509 and IoT Edge are
// errors. An id that contains a semicolon cannot be written in this form: the
// identity can be managed, but it cannot sign in.
//
// The errors match [ErrInvalid] and never quote the key.
func ParseConnectionString(s string) (ConnectionString, error) {
	fields, err := splitConnectionString(s)
	if err != nil {
		return ConnectionString{}, invalidConnectionString(err)
	}
	c := ConnectionString{
		HostName:            fields["HostName"],
		DeviceID:            fields["DeviceId"],
		ModuleID:            fields["ModuleId"],
		SharedAccessKeyName: fields["SharedAccessKeyName"],
	}
	if _, given := fields["SharedAccessKey"]; given {
		if c.SharedAccessKey, err = ParseKey(fields["SharedAccessKey"]); err != nil {
			return ConnectionString{}, invalidConnectionString(fmt.Errorf("SharedAccessKey: %w", err))
		}
	}
	if err := c.Validate(); err != nil {
		return ConnectionString{}, err
	}
	return c, nil
}

// connectionStringNames lists the names that connection strings may contain. The
// value says why a name is not supported here, or is "".
var connectionStringNames = map[string]string{
	"HostName":              "",
	"DeviceId":              "",
	"ModuleId":              "",
	"SharedAccessKeyName":   "",
	"SharedAccessKey":       "",
	"SharedAccessSignature": "this is a ready-made token; use the connection string with the key (SharedAccessKey)",
	"GatewayHostName":       "IoT Edge gateways are not supported; use the connection string without it",
	"x509":                  "X.509 certificates are not supported; use an identity with symmetric keys",
	"Endpoint":              endpointIsNoHub,
	"EntityPath":            endpointIsNoHub,
}

const endpointIsNoHub = "this belongs to the connection string of an Event Hubs endpoint, which is for reading messages; use one that begins with HostName="

// splitConnectionString returns the values by name. A value may contain "=":
// most keys end in it.
func splitConnectionString(s string) (map[string]string, error) {
	s, err := trimConnectionString(s)
	if err != nil {
		return nil, err
	}
	fields := make(map[string]string)
	before := "" // the name of the previous part
	for pair := range strings.SplitSeq(s, ";") {
		name, value, found := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if err := checkPair(name, found, before); err != nil {
			return nil, err
		}
		if _, repeated := fields[name]; repeated {
			return nil, invalidf("%s appears twice", name)
		}
		fields[name], before = value, name
	}
	return fields, nil
}

// trimConnectionString removes what copying adds.
func trimConnectionString(s string) (string, error) {
	s = strings.Trim(strings.TrimSpace(s), "\u201c\u201d\u201e\u2018\u2019") // quotes of word processors
	if err := checkVisible(s); err != nil {
		return "", err
	}
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	s = strings.TrimSuffix(s, ";")
	if s == "" {
		return "", invalidf("it is empty")
	}
	if strings.Contains(s, "HostName=") && !beginsWithName(s) {
		return "", invalidf("leave out everything before HostName=")
	}
	return s, nil
}

// beginsWithName reports whether s begins with one of the names of a connection
// string, whichever comes first.
func beginsWithName(s string) bool {
	name, _, found := strings.Cut(s, "=")
	return found && canonicalName(strings.TrimSpace(name)) != ""
}

// canonicalName returns the known name that equals name, regardless of case, or
// "".
func canonicalName(name string) string {
	if _, known := connectionStringNames[name]; known {
		return name
	}
	for canonical := range connectionStringNames {
		if strings.EqualFold(name, canonical) {
			return canonical
		}
	}
	return ""
}

// checkPair checks the name of a part. before is the name of the previous part.
// The errors do not quote unknown names: if a "=" is misplaced, such a name may
// be part of a key.
func checkPair(name string, hasValue bool, before string) error {
	canonical := canonicalName(name)
	reason := connectionStringNames[canonical]
	switch {
	case name == "" && !hasValue:
		return invalidf("there is one semicolon too many")
	case canonical == "" && (before == "DeviceId" || before == "ModuleId"):
		return invalidf("the text after %s is not part of a connection string: an id in one cannot contain a semicolon", before)
	case !hasValue:
		return invalidf("a part has no \"=\": the form is Name=Value;Name=Value")
	case canonical == "":
		return invalidf("it has a part other than HostName, DeviceId, ModuleId, SharedAccessKeyName and SharedAccessKey")
	case reason != "":
		return invalidf("%s: %s", canonical, reason)
	case name != canonical:
		return invalidf("write %s instead of %q", canonical, name)
	}
	return nil
}

// checkVisible returns an error about a character that cannot be seen. Nobody
// would find it without help.
func checkVisible(s string) error {
	position := 0
	for _, r := range s {
		position++
		switch {
		case r == unicode.ReplacementChar:
			return invalidf("character %d cannot be read: copy the string again", position)
		case !unicode.IsPrint(r):
			return invalidf("character %d is %s, which cannot be seen: leave it out", position, characterName(r))
		}
	}
	return nil
}

// characterName returns the name of a character that copying may add.
func characterName(r rune) string {
	name := map[rune]string{
		'\t':     "a tab",
		'\n':     "a line break",
		'\r':     "a line break",
		'\u00a0': "a no-break space",
		'\u00ad': "a soft hyphen",
		'\u200b': "a zero-width space",
		'\ufeff': "a byte order mark",
	}[r]
	if name == "" {
		return fmt.Sprintf("%U", r)
	}
	return fmt.Sprintf("%s (%U)", name, r)
}

package iothub

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// ConnectionString says where a hub is and holds the key of one of: a shared
// access policy (SharedAccessKeyName is set), a device (DeviceID is set) or a
// module (DeviceID and ModuleID are set). Printing and logging it does not
// show the key; [ConnectionString.Reveal] does.
type ConnectionString struct {
	HostName            string // "myhub.azure-devices.net"; with ":port" for a hub that serves everything on one port
	DeviceID            string
	ModuleID            string
	SharedAccessKeyName string
	SharedAccessKey     Key
}

// ParseConnectionString reads the form that the Azure portal shows:
// Name=Value pairs separated by semicolons. It forgives what copying adds
// (surrounding quotes, white space, a semicolon at the end) and is strict
// about all else: unknown, repeated and missing names, ids outside IoT Hub's
// character set, keys that are not base64. X.509 and IoT Edge strings are
// refused. An id that contains a semicolon has no such form: the identity can
// be managed, but not signed in as.
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

// invalidConnectionString gives every error of this file its beginning.
func invalidConnectionString(err error) error {
	return fmt.Errorf("iothub: connection string: %w", err)
}

// connectionStringNames lists what may stand in a connection string, and why
// some of it does not serve here.
var connectionStringNames = map[string]string{
	"HostName":              "",
	"DeviceId":              "",
	"ModuleId":              "",
	"SharedAccessKeyName":   "",
	"SharedAccessKey":       "",
	"SharedAccessSignature": "holds a ready-made token; take the string with the key (SharedAccessKey)",
	"GatewayHostName":       "IoT Edge gateways are not supported; take the string without it",
	"x509":                  "X.509 certificates are not supported; take an identity with symmetric keys",
}

// splitConnectionString returns the pairs by name. Values keep every further
// "=": keys end in them.
func splitConnectionString(s string) (map[string]string, error) {
	s = strings.Trim(strings.TrimSpace(s), "\u201c\u201d\u201e\u2018\u2019") // quotes of word processors
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = strings.TrimSpace(s[1 : len(s)-1])
	}
	s = strings.TrimSuffix(s, ";")
	if s == "" {
		return nil, invalidf("it is empty")
	}
	fields := make(map[string]string)
	for pair := range strings.SplitSeq(s, ";") {
		name, value, found := strings.Cut(pair, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found {
			return nil, invalidf("a part has no \"=\": the form is Name=Value;Name=Value")
		}
		if err := checkName(name); err != nil {
			return nil, err
		}
		if _, repeated := fields[name]; repeated {
			return nil, invalidf("%s stands in it twice", name)
		}
		fields[name] = value
	}
	return fields, nil
}

// checkName does not quote names it does not know: with a "=" in the wrong
// place, they may be part of a key.
func checkName(name string) error {
	reason, known := connectionStringNames[name]
	if reason != "" {
		return invalidf("%s: %s", name, reason)
	}
	if known {
		return nil
	}
	for right := range connectionStringNames {
		if strings.EqualFold(name, right) {
			return invalidf("%q is written %s", name, right)
		}
	}
	return invalidf("it has a part that is none of HostName, DeviceId, ModuleId, SharedAccessKeyName and SharedAccessKey")
}

// The length of keys, in bytes.
const (
	minKey = 16
	maxKey = 64
)

// Validate reports what is missing or malformed, with an error that matches
// [ErrInvalid]. What [ParseConnectionString] returns is valid.
func (c ConnectionString) Validate() error {
	if err := c.check(); err != nil {
		return invalidConnectionString(err)
	}
	return nil
}

func (c ConnectionString) check() error {
	if err := checkHostName(c.HostName); err != nil {
		return err
	}
	if c.SharedAccessKey.IsZero() {
		if c.DeviceID == "" && c.SharedAccessKeyName == "" {
			return invalidf("only HostName is there: the shell may have cut it at the first semicolon, so put the whole value in quotes")
		}
		return invalidf("SharedAccessKey is missing")
	}
	if n := len(c.SharedAccessKey.bytes()); n < minKey || n > maxKey {
		return invalidf("SharedAccessKey: the key is not complete: it has %d bytes, hubs use %d to %d", n, minKey, maxKey)
	}
	if c.DeviceID == "" {
		switch {
		case c.ModuleID != "":
			return invalidf("ModuleId is there, but DeviceId is missing")
		case c.SharedAccessKeyName == "":
			return invalidf("SharedAccessKeyName (of a policy) or DeviceId (of a device or module) is missing")
		}
		return nil
	}
	if strings.Contains(c.DeviceID+c.ModuleID, ";") {
		return invalidf("an id with a semicolon cannot stand in it")
	}
	if err := checkID("device", c.DeviceID); err != nil {
		return err
	}
	if c.ModuleID == "" {
		return nil
	}
	return checkID("module", c.ModuleID)
}

// checkHostName accepts a host with or without a port, nothing that would
// make a different URL of it. It does not quote what it refuses: with a
// semicolon missing, the key may be part of it.
func checkHostName(name string) error {
	if name == "" {
		return invalidf("HostName is missing")
	}
	host, port := name, "443"
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !strings.HasSuffix(name, "]") {
		host, port = name[:i], name[i+1:]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || !isHost(host) {
		return invalidf("HostName is not a host name such as myhub.azure-devices.net or localhost:8883")
	}
	return nil
}

// isHost accepts names, IPv4 addresses, and IPv6 addresses in brackets.
func isHost(host string) bool {
	if rest, found := strings.CutPrefix(host, "["); found {
		address, found := strings.CutSuffix(rest, "]")
		return found && strings.Contains(address, ":") && net.ParseIP(address) != nil
	}
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool { return !isHostRune(r) })
}

func isHostRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-._", r)
}

// String is for people and logs: it has *** in place of the key. The inverse
// of [ParseConnectionString] is [ConnectionString.Reveal].
func (c ConnectionString) String() string { return c.format(redacted) }

// Reveal returns the connection string with its key, in the form that
// [ParseConnectionString] reads. It is a secret: show it only to those it
// belongs to.
func (c ConnectionString) Reveal() string { return c.format(c.SharedAccessKey.Reveal()) }

// LogValue keeps the key out of structured logs.
func (c ConnectionString) LogValue() slog.Value { return slog.StringValue(c.String()) }

// format writes the parts in the order of the portal.
func (c ConnectionString) format(key string) string {
	var b strings.Builder
	b.WriteString("HostName=" + c.HostName)
	for _, part := range []struct{ name, value string }{
		{"DeviceId", c.DeviceID},
		{"ModuleId", c.ModuleID},
		{"SharedAccessKeyName", c.SharedAccessKeyName},
	} {
		if part.value != "" {
			b.WriteString(";" + part.name + "=" + part.value)
		}
	}
	b.WriteString(";SharedAccessKey=" + key)
	return b.String()
}

// Owner says in words whose string it is: `module "m" of device "d"`,
// `device "d"` or `shared access policy "service"`.
func (c ConnectionString) Owner() string {
	switch {
	case c.ModuleID != "":
		return fmt.Sprintf("module %q of device %q", c.ModuleID, c.DeviceID)
	case c.DeviceID != "":
		return fmt.Sprintf("device %q", c.DeviceID)
	default:
		return fmt.Sprintf("shared access policy %q", c.SharedAccessKeyName)
	}
}

// Host returns HostName without the port.
func (c ConnectionString) Host() string {
	host, _, err := net.SplitHostPort(c.HostName)
	if err != nil {
		return strings.Trim(c.HostName, "[]")
	}
	return host
}

// Address returns the address to dial, "host:port": the port of HostName,
// or else defaultPort.
func (c ConnectionString) Address(defaultPort int) string {
	if _, _, err := net.SplitHostPort(c.HostName); err == nil {
		return c.HostName
	}
	return net.JoinHostPort(c.Host(), strconv.Itoa(defaultPort))
}

// Resource names what the key opens, as SAS tokens do: "host" (a policy),
// "host/devices/d" or "host/devices/d/modules/m". The port is not part of it.
func (c ConnectionString) Resource() string {
	switch {
	case c.ModuleID != "":
		return c.Host() + "/devices/" + c.DeviceID + "/modules/" + c.ModuleID
	case c.DeviceID != "":
		return c.Host() + "/devices/" + c.DeviceID
	default:
		return c.Host()
	}
}

// NewSASToken signs a token for [ConnectionString.Resource] that is good
// until expiry, rounded up to whole seconds.
func (c ConnectionString) NewSASToken(expiry time.Time) SASToken {
	return signSASToken(c.Resource(), c.SharedAccessKeyName, c.SharedAccessKey, expiry)
}

package iothub

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"
)

// ConnectionString holds the address of a hub and the key of a shared access
// policy (SharedAccessKeyName is set), of a device (DeviceID is set) or of a
// module (DeviceID and ModuleID are set). Printing and logging it does not show
// the key; [ConnectionString.Reveal] does.
type ConnectionString struct {
	HostName            string // "myhub.azure-devices.net"; with ":port" for a hub that serves everything on one port
	DeviceID            string
	ModuleID            string
	SharedAccessKeyName string
	SharedAccessKey     Key
}

// invalidConnectionString adds to an error that it is about a connection string.
func invalidConnectionString(err error) error {
	return fmt.Errorf("iothub: connection string: %w", err)
}

// Validate returns an error that matches [ErrInvalid] if a part is missing or
// malformed. A connection string from [ParseConnectionString] is valid.
func (c ConnectionString) Validate() error {
	if err := c.check(); err != nil {
		return invalidConnectionString(err)
	}
	return nil
}

// ValidatePolicy is Validate for a connection string that has to be that of a
// shared access policy.
func (c ConnectionString) ValidatePolicy() error {
	return c.validateKind(c.DeviceID == "", "a shared access policy (with SharedAccessKeyName)")
}

// ValidateModule is Validate for a connection string that has to be that of a
// module.
func (c ConnectionString) ValidateModule() error {
	return c.validateKind(c.ModuleID != "", "a module (with ModuleId)")
}

func (c ConnectionString) validateKind(fits bool, needed string) error {
	if err := c.Validate(); err != nil || fits {
		return err
	}
	return invalidConnectionString(invalidf("this one belongs to %s; use that of %s", c.Owner(), needed))
}

func (c ConnectionString) check() error {
	if err := checkHostName(c.HostName); err != nil {
		return err
	}
	if c.SharedAccessKey.IsZero() && c.DeviceID == "" && c.SharedAccessKeyName == "" {
		return invalidf("only HostName is there: the shell may have cut it off at the first semicolon; put the whole value in quotes")
	}
	if err := checkKey(c.SharedAccessKey); err != nil {
		return err
	}
	if err := checkVisible(c.SharedAccessKeyName); err != nil {
		return invalidf("SharedAccessKeyName: %w", err)
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
		return invalidf("an id with a semicolon cannot be part of it")
	}
	if err := checkID("device", c.DeviceID); err != nil {
		return err
	}
	if c.ModuleID == "" {
		return nil
	}
	return checkID("module", c.ModuleID)
}

// The length of keys, in bytes. The local hub has its own copy of this rule;
// id.go says why.
const (
	minKey = 16
	maxKey = 64
)

func checkKey(key Key) error {
	switch n := len(key.bytes()); {
	case n == 0:
		return invalidf("SharedAccessKey is missing")
	case n < minKey:
		return invalidf("SharedAccessKey: the key is incomplete: it has %d bytes, hubs use %d to %d", n, minKey, maxKey)
	case n > maxKey:
		return invalidf("SharedAccessKey: the key is too long: it has %d bytes, hubs use %d to %d", n, minKey, maxKey)
	}
	return nil
}

// checkHostName accepts a host with or without a port, but nothing that would
// mean something else in a URL. Its errors do not quote the name: if a
// semicolon is missing, the key may be part of it.
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

// String returns the connection string with *** in place of the key, for people
// and logs. The inverse of [ParseConnectionString] is
// [ConnectionString.Reveal].
func (c ConnectionString) String() string { return c.format(redacted) }

// Reveal returns the connection string with its key, in the form that
// [ParseConnectionString] reads. It is a secret: show it only to its owner.
func (c ConnectionString) Reveal() string { return c.format(c.SharedAccessKey.Reveal()) }

// LogValue keeps the key out of structured logs.
func (c ConnectionString) LogValue() slog.Value { return slog.StringValue(c.String()) }

// format writes the parts in the same order as the Azure portal.
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

// Owner returns in words whose connection string this is:
// `module "m" on device "d"`, `device "d"` or `shared access policy "service"`.
func (c ConnectionString) Owner() string {
	switch {
	case c.ModuleID != "":
		return fmt.Sprintf("module %q on device %q", c.ModuleID, c.DeviceID)
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

// Address returns the address to dial, "host:port". If HostName has no port, it
// is defaultPort.
func (c ConnectionString) Address(defaultPort int) string {
	if _, _, err := net.SplitHostPort(c.HostName); err == nil {
		return c.HostName
	}
	return net.JoinHostPort(c.Host(), strconv.Itoa(defaultPort))
}

// Resource returns the resource that the key gives access to, in the form of SAS
// tokens: "host" for a policy, "host/devices/d" for a device or
// "host/devices/d/modules/m" for a module. The port is not part of it.
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

// NewSASToken signs a token for [ConnectionString.Resource] that is valid until
// expiry, rounded up to whole seconds.
func (c ConnectionString) NewSASToken(expiry time.Time) SASToken {
	return signSASToken(c.Resource(), c.SharedAccessKeyName, c.SharedAccessKey, expiry)
}

package iothub

import (
	"encoding/base64"
	"log/slog"
)

// Key is a shared access key: of a policy, a device or a module. It has 16 to
// 64 bytes; hubs make them 32 bytes long. In JSON and in connection strings a key is written in
// base64; a nil Key is "no key given".
type Key []byte

// ParseKey reads the base64 form in which IoT Hub shows keys. Its error
// matches [ErrInvalid] and does not quote the key.
func ParseKey(s string) (Key, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(s)
	switch {
	case s == "":
		return nil, invalidf("the key is empty")
	case err == nil:
		return key, nil
	case len(s)%4 != 0:
		return nil, invalidf("the key is not complete: it has %d characters, base64 comes in fours (keys mostly end in =)", len(s))
	default:
		return nil, invalidf("the key is not base64")
	}
}

// String returns the key in base64. It is the secret itself: show it only to
// those it belongs to.
func (k Key) String() string { return base64.StdEncoding.EncodeToString(k) }

// LogValue keeps the key out of structured logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns the base64 form.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the base64 form; the empty text is the nil Key.
func (k *Key) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = nil
		return nil
	}
	key, err := ParseKey(string(text))
	*k = key
	return err
}

// redacted stands where a secret stood.
const redacted = "***"

package iothub

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// Key is the shared access key of a policy, a device or a module. It has 16 to
// 64 bytes; hubs generate keys of 32 bytes. The zero Key means that no key is
// given.
//
// However a Key is printed, logged or encoded, by itself or inside another
// value, it shows as ***. That includes JSON, because many loggers write JSON.
// Only [Key.Reveal] and [Key.Bytes] return the secret. Decoding reads the
// base64 of connection strings and of IoT Hub's JSON.
type Key struct {
	_ [0]func() // not comparable: == would compare pointers

	// The bytes are behind two pointers because package fmt follows at most one,
	// even in an unexported field, where it does not call methods.
	secret **[]byte
}

// NewKey returns the key with the bytes b, which are copied. If b is empty, it
// returns the zero Key.
func NewKey(b []byte) Key {
	if len(b) == 0 {
		return Key{}
	}
	return hide(slices.Clone(b))
}

func hide(b []byte) Key {
	pointer := &b
	return Key{secret: &pointer}
}

// ParseKey reads the base64 form in which IoT Hub shows keys. Its error
// matches [ErrInvalid] and does not quote the key.
func ParseKey(s string) (Key, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(s)
	switch {
	case s == "":
		return Key{}, invalidf("the key is empty")
	case err == nil && !strings.ContainsAny(s, "\r\n"): // which the decoder skips
		return hide(key), nil
	case strings.Contains(s, "…"), strings.Contains(s, "..."), strings.Contains(s, redacted):
		return Key{}, invalidf("this is a placeholder: put the whole key there")
	case strings.Contains(strings.TrimRight(s, "="), "="):
		return Key{}, invalidf("something follows the = at the end of the key")
	case len(s)%4 != 0:
		return Key{}, invalidf("the key is incomplete: it has %d characters, but base64 comes in groups of four (most keys end in =)", len(s))
	default:
		return Key{}, invalidf("the key is not base64")
	}
}

// Reveal returns the key in base64. This is the secret itself: show it only to
// its owner.
func (k Key) Reveal() string { return base64.StdEncoding.EncodeToString(k.bytes()) }

// Bytes returns a copy of the key's bytes, or nil for the zero Key. They are the
// secret itself.
func (k Key) Bytes() []byte { return slices.Clone(k.bytes()) }

func (k Key) bytes() []byte {
	if k.secret == nil {
		return nil
	}
	return **k.secret
}

// IsZero reports whether no key is given.
func (k Key) IsZero() bool { return k.secret == nil }

// Equal reports whether both keys are the same. The time it takes does not
// depend on the contents of keys of the same length.
func (k Key) Equal(other Key) bool {
	return subtle.ConstantTimeCompare(k.bytes(), other.bytes()) == 1
}

// redacted is shown in place of a secret.
const redacted = "***"

// String returns "***", or "" for the zero Key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return redacted
}

// Format writes what String returns, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }

// LogValue keeps the key out of structured logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns what String returns. To save a key, use [Key.Reveal].
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the base64 form. Empty text gives the zero Key.
func (k *Key) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*k = Key{}
		return nil
	}
	key, err := ParseKey(string(text))
	*k = key
	return err
}

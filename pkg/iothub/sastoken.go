package iothub

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SASToken is a shared access signature. It proves, until Expiry, that its
// sender has a key for Resource. It is the Authorization header over HTTPS and
// the password over MQTT. The only way to revoke it before it expires is to
// change the key. Printing and logging it does not show the signature;
// [SASToken.Reveal] does.
//
// See https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas.
type SASToken struct {
	Resource string    // what it gives access to, unescaped: "myhub.azure-devices.net/devices/d/modules/m"
	KeyName  string    // the policy whose key signed it; "" for the key of a device or module
	Expiry   time.Time // whole seconds

	signature **signature // behind two pointers, as in a Key
	signed    string      // the resource as the signer escaped it, if this package would escape it differently
}

// signature is an HMAC over the escaped resource, a line feed and the expiry.
type signature [sha256.Size]byte

// The errors of [SASToken.Verify].
var (
	// ErrSignature means that the token was signed with another key.
	ErrSignature = errors.New("the signature does not match the key")
	// ErrExpired means that the token has expired.
	ErrExpired = errors.New("the token has expired")
)

func signSASToken(resource, keyName string, key Key, expiry time.Time) SASToken {
	t := SASToken{Resource: resource, KeyName: keyName, Expiry: time.Unix(expiry.Add(time.Second-1).Unix(), 0)}
	sig := t.sign(key)
	t.signature = &sig
	return t
}

const sasScheme = "SharedAccessSignature "

// Reveal returns the token as it is sent:
//
//	SharedAccessSignature sr=…&sig=…&se=1767225600&skn=service
//
// Whoever has it can use it until it expires.
func (t SASToken) Reveal() string {
	if t.signature == nil {
		return t.format("")
	}
	return t.format(base64.StdEncoding.EncodeToString((*t.signature)[:]))
}

// String returns the token with *** in place of the signature, for people and
// logs.
func (t SASToken) String() string { return t.format(redacted) }

func (t SASToken) format(sig string) string {
	b := make([]byte, 0, 256)
	b = append(b, sasScheme+"sr="...)
	b = t.appendResource(b)
	b = append(b, "&sig="...)
	if sig == redacted {
		b = append(b, redacted...)
	} else {
		b = appendEscaped(b, sig)
	}
	b = append(b, "&se="...)
	b = strconv.AppendInt(b, t.Expiry.Unix(), 10)
	if t.KeyName != "" {
		b = append(b, "&skn="...)
		b = appendEscaped(b, t.KeyName)
	}
	return string(b)
}

// LogValue keeps the signature out of structured logs.
func (t SASToken) LogValue() slog.Value {
	return slog.GroupValue(slog.String("resource", t.Resource), slog.String("keyName", t.KeyName), slog.Time("expiry", t.Expiry))
}

// ParseSASToken reads what [SASToken.Reveal] returns, and the tokens of other
// SDKs: the fields may be in any order, and escaped in upper or lower case or,
// where that is not ambiguous, not at all. Its errors match [ErrInvalid] and do
// not quote the token.
func ParseSASToken(s string) (SASToken, error) {
	rest, found := strings.CutPrefix(s, sasScheme)
	if !found {
		return SASToken{}, invalidToken("it does not begin with " + strings.TrimSpace(sasScheme))
	}
	var fields sasFields
	for pair := range strings.SplitSeq(strings.TrimSpace(rest), "&") {
		name, value, _ := strings.Cut(pair, "=")
		field := fields.named(name)
		if field == nil {
			return SASToken{}, invalidToken("it has a field that is none of sr, sig, se and skn")
		}
		if field.given {
			return SASToken{}, invalidToken(name + " appears twice")
		}
		field.given, field.value = true, value
	}
	return fields.token()
}

// sasFields are the fields of a token, still escaped.
type sasFields struct{ sr, sig, se, skn sasField }

type sasField struct {
	given bool
	value string
}

// named returns the field with that name, or nil.
func (f *sasFields) named(name string) *sasField {
	switch name {
	case "sr":
		return &f.sr
	case "sig":
		return &f.sig
	case "se":
		return &f.se
	case "skn":
		return &f.skn
	default:
		return nil
	}
}

func (f *sasFields) token() (t SASToken, err error) {
	// Unescape as in a path: as in a query, each "+" of the base64 would become
	// a space.
	if t.Resource, err = url.PathUnescape(f.sr.value); err != nil || t.Resource == "" {
		return SASToken{}, invalidToken("sr, the resource, is missing or malformed")
	}
	if f.sr.value != string(appendEscaped(make([]byte, 0, 256), t.Resource)) {
		t.signed = f.sr.value
	}
	if t.signature = parseSignature(f.sig.value); t.signature == nil {
		return SASToken{}, invalidToken("sig, the signature, is missing or malformed")
	}
	seconds, err := strconv.ParseInt(f.se.value, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != f.se.value {
		return SASToken{}, invalidToken("se, the expiry, is missing or not a number of seconds")
	}
	t.Expiry = time.Unix(seconds, 0)
	if t.KeyName, err = url.PathUnescape(f.skn.value); err != nil {
		return SASToken{}, invalidToken("skn, the name of the policy, is malformed")
	}
	return t, nil
}

// parseSignature returns nil if escaped is not a signature.
func parseSignature(escaped string) **signature {
	text, err := url.PathUnescape(escaped)
	if err != nil {
		return nil
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(decoded) != len(signature{}) || strings.ContainsAny(text, "\r\n") { // which the decoder skips
		return nil
	}
	pointer := (*signature)(decoded)
	return &pointer
}

func invalidToken(why string) error {
	return invalidf("iothub: SAS token: %s", why)
}

// Verify returns [ErrSignature] if the token was not signed with key, and
// [ErrExpired] if it has expired at the time now. It checks the signature first,
// because nothing else in a forged token can be trusted. To tolerate clocks that
// differ, pass an earlier time.
func (t SASToken) Verify(key Key, now time.Time) error {
	if t.signature == nil || !hmac.Equal((*t.signature)[:], t.sign(key)[:]) {
		return ErrSignature
	}
	if now.After(t.Expiry) {
		return ErrExpired
	}
	return nil
}

// RenewAt returns when to replace t, which was signed at the given time, with a
// new token: when a fifth of its lifetime is left.
func (t SASToken) RenewAt(signed time.Time) time.Time {
	return t.Expiry.Add(-t.Expiry.Sub(signed) / 5)
}

// sign signs the resource exactly as it is sent. Signers escape differently
// (%2F, %2f, not at all), so a receiver must not escape it again.
func (t SASToken) sign(key Key) *signature {
	message := t.appendResource(make([]byte, 0, 256))
	message = append(message, '\n')
	message = strconv.AppendInt(message, t.Expiry.Unix(), 10)
	mac := hmac.New(sha256.New, key.bytes())
	mac.Write(message)
	return (*signature)(mac.Sum(nil))
}

func (t SASToken) appendResource(b []byte) []byte {
	if t.signed != "" {
		return append(b, t.signed...)
	}
	return appendEscaped(b, t.Resource)
}

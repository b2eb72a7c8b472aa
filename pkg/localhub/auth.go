package localhub

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"moduletwin/pkg/iothub"
)

// authorize checks that text is the token of a policy that carries the
// needed permission, for the given path below the hub's name. It returns the
// policy's name, or in words why not: the client is told nothing but 401.
func (h *Hub) authorize(text string, needed permission, path ...string) (policy string, err error) {
	if text == "" {
		return "", errors.New("the request has no Authorization header")
	}
	token, err := iothub.ParseSASToken(text)
	if err != nil {
		return "", err
	}
	if token.KeyName == "" {
		return "", fmt.Errorf("the token names no policy: the key of a device or module does not open the service side, and %s is needed", needed)
	}
	return token.KeyName, h.checkPolicyToken(token, needed, path...)
}

func (h *Hub) checkPolicyToken(token iothub.SASToken, needed permission, path ...string) error {
	permissions, known := policies[token.KeyName]
	if !known {
		return fmt.Errorf("there is no policy %q", token.KeyName)
	}
	owner := fmt.Sprintf("policy %q", token.KeyName)
	if err := h.checkToken(token, owner, h.policyKeys[token.KeyName], path...); err != nil {
		return err
	}
	if permissions&needed == 0 {
		return fmt.Errorf("policy %q lacks %s", token.KeyName, needed)
	}
	return nil
}

// checkToken reports in words why token does not open path for the owner of
// keys. The signature comes first: of a forged token nothing is believed.
func (h *Hub) checkToken(token iothub.SASToken, owner string, keys keyPair, path ...string) error {
	now := time.Now()
	err := verifyEither(token, keys, now.Add(-h.options.TokenGrace))
	switch {
	case errors.Is(err, iothub.ErrSignature):
		return fmt.Errorf("the signature does not fit either key of %s", owner)
	case err != nil:
		return fmt.Errorf("the token expired %v ago", now.Sub(token.Expiry).Round(time.Second))
	case h.expired.contains(token):
		return errors.New("the token was made to expire")
	case !h.covers(token.Resource, path...):
		return fmt.Errorf("the token is for %q, not for %q", token.Resource, h.host+"/"+strings.Join(path, "/"))
	}
	return nil
}

// expiredTokens holds tokens that were made to expire.
type expiredTokens struct {
	mu     sync.Mutex // guards tokens
	tokens map[string]bool
}

func (e *expiredTokens) add(token iothub.SASToken) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tokens == nil {
		e.tokens = make(map[string]bool)
	}
	e.tokens[token.Reveal()] = true
}

func (e *expiredTokens) contains(token iothub.SASToken) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.tokens) > 0 && e.tokens[token.Reveal()]
}

func verifyEither(token iothub.SASToken, keys keyPair, now time.Time) error {
	if keys.Primary.IsZero() {
		return iothub.ErrSignature // else anybody could sign with the key of no bytes
	}
	err := token.Verify(keys.Primary, now)
	if errors.Is(err, iothub.ErrSignature) && !keys.Secondary.IsZero() {
		err = token.Verify(keys.Secondary, now)
	}
	return err
}

// covers reports whether a token for resource opens path: whether it names
// this hub, in any of its names, with a port or without, and then path or a
// beginning of it, compared segment by segment.
func (h *Hub) covers(resource string, path ...string) bool {
	host, rest, _ := strings.Cut(resource, "/")
	if !h.isNamed(host) {
		return false
	}
	rest = strings.TrimSuffix(rest, "/")
	if rest == "" {
		return true
	}
	named := strings.Split(rest, "/")
	if len(named) > len(path) {
		return false
	}
	for i, segment := range named {
		if segment != path[i] {
			return false
		}
	}
	return true
}

// isNamed reports whether host, with or without a port, is this hub.
func (h *Hub) isNamed(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	for _, name := range h.names {
		if strings.EqualFold(name, host) {
			return true
		}
	}
	return false
}

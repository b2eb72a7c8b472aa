// Package auth decides whether a SAS token grants the access that is asked for:
// it knows the policies with their permissions, and checks signature, expiry
// and audience. See
// https://learn.microsoft.com/azure/iot-hub/iot-hub-dev-guide-sas.
//
// The reasons in its errors are for the hub's log only. Clients are just told
// that they are not authorized.
package auth

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"moduletwin/pkg/iothub"
)

// Auth checks tokens for one hub. Its fields must be set before it is used and
// not changed afterwards; its methods may be called from several goroutines.
type Auth struct {
	HostNames  []string                       // all names of the hub; the first is used in messages
	PolicyKeys map[string]iothub.SymmetricKey // by policy name; a token may be signed with either key
	Grace      time.Duration                  // how long a token is accepted after its expiry
	Exists     func(path []string) bool       // reports whether a path names a device or module; it must not block

	mu      sync.Mutex           // guards expired
	expired map[string]time.Time // tokens that were made to expire, and until when they would be accepted
}

// CheckHeader checks that text, an Authorization header, is the token of a
// policy with the needed permission, and that the token is for the given path
// below the hub's name. It returns the name of the policy.
func (a *Auth) CheckHeader(text string, needed Permission, path ...string) (policy string, err error) {
	if text == "" {
		return "", errors.New("the request has no Authorization header")
	}
	token, err := iothub.ParseSASToken(text)
	if err != nil {
		return "", err
	}
	if token.KeyName == "" {
		return "", fmt.Errorf("the token names no policy: this needs %s, which the key of a device or module does not have", needed)
	}
	return token.KeyName, a.CheckPolicyToken(token, needed, path...)
}

// CheckPolicyToken is [Auth.CheckHeader] for a token that has already been
// parsed.
func (a *Auth) CheckPolicyToken(token iothub.SASToken, needed Permission, path ...string) error {
	permissions, known := permissionsOf(token.KeyName)
	if !known {
		return fmt.Errorf("there is no policy %.100q", token.KeyName)
	}
	owner := fmt.Sprintf("policy %q", token.KeyName)
	if err := a.CheckToken(token, owner, a.PolicyKeys[token.KeyName], path...); err != nil {
		return err
	}
	if permissions&needed == 0 {
		return fmt.Errorf("policy %q lacks %s", token.KeyName, needed)
	}
	return nil
}

// CheckToken checks that token was signed with one of the owner's keys, has not
// expired and is for path. The signature is checked first, as nothing in a
// forged token can be believed.
func (a *Auth) CheckToken(token iothub.SASToken, owner string, keys iothub.SymmetricKey, path ...string) error {
	now := time.Now()
	err := verifyEither(token, keys, now.Add(-a.Grace))
	switch {
	case errors.Is(err, iothub.ErrSignature):
		return fmt.Errorf("the signature matches neither key of %s", owner)
	case err != nil:
		return fmt.Errorf("the token expired %v ago", now.Sub(token.Expiry).Round(time.Second))
	case a.hasExpired(token):
		return errors.New("the token was made to expire")
	case !a.covers(token.Resource, path):
		return fmt.Errorf("the token is for %q, not for %q", token.Resource, a.HostNames[0]+"/"+strings.Join(path, "/"))
	}
	return nil
}

func verifyEither(token iothub.SASToken, keys iothub.SymmetricKey, now time.Time) error {
	if keys.PrimaryKey.IsZero() {
		return iothub.ErrSignature // otherwise anybody could sign with the empty key
	}
	err := token.Verify(keys.PrimaryKey, now)
	if errors.Is(err, iothub.ErrSignature) && !keys.SecondaryKey.IsZero() {
		err = token.Verify(keys.SecondaryKey, now)
	}
	return err
}

// Expire makes the hub refuse tokens from now on, as if they had expired.
func (a *Auth) Expire(tokens ...iothub.SASToken) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(a.expired, func(_ string, end time.Time) bool { return end.Before(now) })
	if a.expired == nil {
		a.expired = make(map[string]time.Time)
	}
	for _, token := range tokens {
		a.expired[token.Reveal()] = token.Expiry.Add(a.Grace)
	}
}

func (a *Auth) hasExpired(token iothub.SASToken) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.expired) == 0 {
		return false // saves encoding the token
	}
	_, expired := a.expired[token.Reveal()]
	return expired
}

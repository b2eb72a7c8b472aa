package localhub

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxListed = 1000 // devices in one answer

// getIdentity answers GET for a device or a module.
func (h *Hub) getIdentity(c *call) (*answer, *refusal) {
	e, missing := h.registry.find(c.key)
	if missing != nil {
		return nil, missing
	}
	defer e.mu.Unlock()
	return e.identityAnswer(false), nil
}

// listDevices answers with up to "top" devices.
func (h *Hub) listDevices(c *call) (*answer, *refusal) {
	top, err := strconv.Atoi(c.URL.Query().Get("top"))
	if err != nil || top < 1 || top > maxListed {
		top = maxListed
	}
	return listed(h.registry.devices(top)), nil
}

// listModules answers with all modules of a device.
func (h *Hub) listModules(c *call) (*answer, *refusal) {
	modules, missing := h.registry.modulesOf(c.key.device)
	if missing != nil {
		return nil, missing
	}
	return listed(modules), nil
}

func listed(entities []*entity) *answer {
	list := []any{} // not nil: JSON's [], not null
	for _, e := range entities {
		e.mu.Lock()
		if e.identity != nil {
			list = append(list, e.wireIdentity(false))
		}
		e.mu.Unlock()
	}
	return &answer{status: http.StatusOK, body: list}
}

// putDevice creates or, with an If-Match, updates a device.
func (h *Hub) putDevice(c *call) (*answer, *refusal) { return h.putIdentity(c) }

// putModule is putDevice for a module.
func (h *Hub) putModule(c *call) (*answer, *refusal) { return h.putIdentity(c) }

func (h *Hub) putIdentity(c *call) (*answer, *refusal) {
	wish, refused := decodeIdentity(c.body, c.key)
	if refused != nil {
		return nil, refused
	}
	if condition := parseIfMatch(c.Header); condition.given() {
		return h.updateIdentity(c.key, wish, condition)
	}
	return h.createIdentity(c.key, wish)
}

func (h *Hub) createIdentity(k key, wish *identityWish) (*answer, *refusal) {
	if refused := checkID("Device", k.device); refused != nil {
		return nil, refused
	}
	if k.module != "" {
		if refused := checkID("Module", k.module); refused != nil {
			return nil, refused
		}
	}
	now := time.Now()
	fresh := newIdentity(now)
	if refused := wish.apply(fresh, k, now); refused != nil {
		return nil, refused
	}
	e, refused := h.registry.create(k, fresh, now)
	if refused != nil {
		return nil, refused
	}
	defer e.mu.Unlock()
	return e.identityAnswer(true), nil
}

func (h *Hub) updateIdentity(k key, wish *identityWish, condition ifMatch) (*answer, *refusal) {
	e, missing := h.registry.find(k)
	if missing != nil {
		return nil, missing
	}
	defer e.mu.Unlock()
	if !condition.allows(e.identity.etag()) {
		return nil, refusePrecondition("PreconditionFailed")
	}
	after := *e.identity
	after.Updates++
	if refused := wish.apply(&after, k, time.Now()); refused != nil {
		return nil, refused
	}
	if refused := h.registry.setIdentity(e, &after); refused != nil {
		return nil, refused
	}
	if after.Disabled {
		e.cutAll("the device was disabled")
	}
	return e.identityAnswer(false), nil
}

// cutAll cuts a device and its modules. The lock of e is held.
func (e *entity) cutAll(reason string) {
	e.cut(reason)
	for _, module := range e.modules {
		module.mu.Lock()
		module.cut(reason)
		module.mu.Unlock()
	}
}

// deleteIdentity needs an If-Match, as Azure seems to.
func (h *Hub) deleteIdentity(c *call) (*answer, *refusal) {
	condition := parseIfMatch(c.Header)
	refused := h.registry.delete(c.key, func(i *identity) *refusal {
		switch {
		case !condition.given():
			return refusePrecondition("Precondition failed: Invalid ETag")
		case !condition.allows(i.etag()):
			return refusePrecondition("PreconditionFailed")
		}
		return nil
	})
	if refused != nil {
		return nil, refused
	}
	return &answer{status: http.StatusNoContent}, nil
}

// ifMatch is the header of that name, without quotes: "" if it is absent or
// holds nothing, "*" for whatever there is.
type ifMatch struct {
	etag   string
	quoted bool
}

func parseIfMatch(header http.Header) ifMatch {
	text := strings.TrimSpace(header.Get("If-Match"))
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return ifMatch{text[1 : len(text)-1], true}
	}
	return ifMatch{text, false}
}

func (m ifMatch) given() bool { return m.etag != "" }

// allows reports whether what has this etag may be changed.
func (m ifMatch) allows(etag string) bool {
	return m.etag == "" || m.etag == "*" || m.etag == etag
}

// allowsTwin is allows for twins, where an etag without quotes is ignored.
func (m ifMatch) allowsTwin(etag string) bool { return !m.quoted || m.allows(etag) }

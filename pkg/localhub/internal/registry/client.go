package registry

import (
	"maps"
	"time"

	"moduletwin/pkg/localhub/event"
	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/twin"
)

// Client is a device or module that has signed in. Its connection makes all
// further requests through it. After the connection has ended or has been
// replaced, requests do nothing and call no callbacks.
type Client struct {
	registry   *Registry
	entity     *entity
	connection Connection
}

// ID returns the identity that has signed in.
func (c *Client) ID() ID { return c.entity.id }

// do calls f with the lock of the entity held, unless the connection has ended
// or was replaced.
func (c *Client) do(f func(e *entity)) {
	e := c.entity
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.connected() == c.connection {
		f(e)
	}
}

// ReadTwin calls respond with the twin and with the lock held, so no change
// comes in between.
func (c *Client) ReadTwin(respond func(*twin.Twin, Subscriptions)) {
	c.do(func(e *entity) { respond(e.twin, e.subscriptions) })
}

// Report merges patch into the reported properties, if they have the expected
// version (nil means any), and calls respond with the new version or an error.
// It holds the lock throughout, so no other change comes in between.
func (c *Client) Report(patch map[string]any, version *int64, respond func(Subscriptions, int64, error)) {
	c.do(func(e *entity) {
		err := c.report(e, patch, version)
		respond(e.subscriptions, e.twin.Reported.Version, err)
	})
}

func (c *Client) report(e *entity, patch map[string]any, version *int64) error {
	if version != nil && *version != e.twin.Reported.Version {
		return huberror.PreconditionFailed("The version of the reported properties does not match.")
	}
	now := time.Now()
	after, err := e.twin.WithReport(patch, now)
	if err != nil {
		return err
	}
	if err := c.registry.save(record{bucketTwins, e.id, after}); err != nil {
		return err
	}
	e.twin, e.lastActive = after, now
	c.registry.publishPatch(e, event.ReportedChanged, patch, after.Reported.Version)
	return nil
}

// Subscriptions calls f with the current subscriptions and with the lock held.
func (c *Client) Subscriptions(f func(Subscriptions)) {
	c.do(func(e *entity) { f(e.subscriptions) })
}

// Subscribe changes the subscriptions, stores them if the session is
// persistent, and then calls respond. change gets a copy to modify, and may
// refuse.
func (c *Client) Subscribe(change func(Subscriptions) error, respond func()) (err error) {
	c.do(func(e *entity) {
		after := maps.Clone(e.subscriptions)
		if err = change(after); err != nil {
			return
		}
		if e.persistent {
			if err = c.registry.save(record{bucketSessions, e.id, after}); err != nil {
				return
			}
		}
		e.subscriptions = after
		respond()
		e.wakeWatchers()
	})
	return err
}

// CountTelemetry counts a telemetry message.
func (c *Client) CountTelemetry() {
	c.do(func(e *entity) {
		e.telemetry++
		e.lastActive = time.Now()
		c.registry.publish(e, event.Telemetry)
		e.wakeWatchers()
	})
}

// Leave removes the connection from the registry, and cuts it for reason if it
// has not ended yet. will says whether a will is counted as telemetry.
func (c *Client) Leave(reason string, will bool) {
	e := c.entity
	e.mu.Lock()
	defer e.mu.Unlock()
	c.connection.Cut(reason)
	if will {
		e.telemetry++
		c.registry.publish(e, event.Telemetry)
	}
	if e.connection == c.connection {
		e.connection = nil
		e.connectionChanged = time.Now()
	}
	e.wakeWatchers()
}

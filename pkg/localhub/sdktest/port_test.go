package sdktest

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"

	"moduletwin/pkg/localhub"
)

// open443 says what to do if a user may not open port 443.
const open443 = "on Linux: sudo sysctl net.ipv4.ip_unprivileged_port_start=443"

// startHub starts a hub on the ports that SDKs insist on: 8883 for MQTT and 443
// for HTTPS and WebSocket. It uses one of the many loopback addresses of a
// machine, so that other tests can use the same ports. If the user may not open
// port 443, the hub does without it, and no443 says why.
func startHub(t *testing.T) (hub *localhub.Hub, no443 error) {
	t.Helper()
	for range 10 {
		host := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
		hub, no443 = startAt(t, host+":8883", host+":443")
		if no443 != nil && !errors.Is(no443, localhub.ErrPortTaken) {
			var err error
			if hub, err = startAt(t, host+":8883"); err != nil {
				missing(t, "%v", err)
			}
		}
		if hub != nil {
			return hub, no443
		}
	}
	missing(t, "%v", no443)
	return nil, nil
}

func startAt(t *testing.T, addresses ...string) (*localhub.Hub, error) {
	hub, err := localhub.Start(&localhub.Options{
		Listen: addresses,
		Logger: slog.New(slog.NewTextHandler(&log{t: t}, nil)),
	})
	if err == nil {
		t.Cleanup(hub.Close)
	}
	return hub, err
}

package sdktest

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/internal/leak"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// patience is how long tests wait for what has to happen.
const patience = 30 * time.Second

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// The transports of devices and modules.
const (
	mqtt      = "MQTT"
	webSocket = "WebSocket"
)

// scenario is what the SDKs of every language have to be able to do.
type scenario struct {
	name string
	play func(testing.TB, *judge)
}

// judge is what a scenario works with: a hub and the driver of a language.
type judge struct {
	language
	*driver
	hub       *localhub.Hub
	registry  *iothub.Registry // our own client, to prepare scenarios
	transport string           // of devices and modules
	played    int              // the number of scenarios so far
	heard     float64          // the version of the last patch that the client has heard
	device    string           // a device id that only this scenario uses
}

// TestSDKs plays every scenario with the SDKs of every language: all languages
// at once, in two processes each, and the scenarios one after the other.
func TestSDKs(t *testing.T) {
	if raceEnabled {
		t.Skip("the SDKs are not run with the race detector, which would find nothing in them")
	}
	t.Parallel()
	defer writeTable(t)
	var running sync.WaitGroup
	defer running.Wait()
	for _, l := range languages {
		running.Go(func() { t.Run(l.name, l.play) })
	}
}

// play plays the scenarios with the SDKs of one language.
func (l language) play(t *testing.T) {
	classes := l.build(t, l.folder(t))
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() {
		t.Run("service", func(t *testing.T) { newJudge(t, l, classes, "").playAll(t, serviceScenarios) })
		t.Run(mqtt, func(t *testing.T) { newJudge(t, l, classes, mqtt).playAll(t, clientScenarios) })
	})
	running.Go(func() {
		t.Run(webSocket, func(t *testing.T) { newJudge(t, l, classes, webSocket).playAll(t, clientScenarios) })
	})
}

func newJudge(t *testing.T, l language, classes, transport string) *judge {
	t.Helper()
	hub, no443 := startHub(t)
	if no443 != nil && (transport == webSocket || l.serviceAt443) {
		missing(t, "%s needs port 443: %v; %s", t.Name(), no443, open443)
	}
	return &judge{language: l, driver: startDriver(t, l, classes, hub), hub: hub, registry: openRegistry(t, hub), transport: transport}
}

func (j *judge) playAll(t *testing.T, scenarios []scenario) {
	j.openService(t, j.hub.ConnectionString(localhub.PolicyIoTHubOwner))
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			j.played++
			j.device = "d" + strconv.Itoa(j.played)
			j.expect(t, s)
		})
		if j.hangs != "" {
			t.Fatalf("the driver hangs in %s", j.hangs)
		}
	}
}

// openRegistry returns our own service client.
func openRegistry(t testing.TB, hub *localhub.Hub) *iothub.Registry {
	t.Helper()
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.CloseIdleConnections)
	return registry
}

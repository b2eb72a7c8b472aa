package sdktest

import (
	"context"
	"maps"
	"strconv"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// side is the side of modules and devices: a driver of azure-iot-device with
// a hub.
type side struct {
	hub     *localhub.Hub
	driver  *driver
	options object // for every client
}

// openSide starts a hub and a driver whose clients reach it by a proxy.
func openSide(t *testing.T) side {
	t.Helper()
	hub := localhub.New(t)
	return side{hub, startDriver(t, hub, "device.py"), object{"proxy": startProxy(t, hub)}}
}

// open makes a client that has not connected yet. To these SDKs, host names
// have no port.
func (s side) open(t *testing.T, identity iothub.ConnectionString, options object) {
	t.Helper()
	identity.HostName = identity.Host()
	all := maps.Clone(s.options)
	maps.Copy(all, options)
	s.driver.do(t, "open", identity.Reveal(), all)
}

// connect adds an identity, if there is none, and has a client sign in.
func (s side) connect(t *testing.T, device, module string, options object) {
	t.Helper()
	s.open(t, s.hub.AddModule(device, module), options)
	s.signIn(t, letIn)
	s.link(t, device, module, func(l localhub.ConnectionState) bool { return l.Connected })
}

// What azure-iot-device makes of the hub's answer to a sign-in. If it is "not
// authorized", it does not try again.
const (
	letIn    = ""
	notLetIn = "CredentialError"
)

// signIn has the client connect and checks the outcome. To this SDK, a
// connection that is not there within five seconds has failed, which means
// nothing on a busy machine.
func (s side) signIn(t *testing.T, outcome string) {
	t.Helper()
	a := s.driver.try(t, "connect")
	for deadline := time.Now().Add(patience); a.Error == "ConnectionFailedError" && time.Now().Before(deadline); {
		a = s.driver.try(t, "connect")
	}
	if a.Error != outcome {
		t.Fatalf("connect: %q, want %q", a.Error, outcome)
	}
}

// link waits for a state of a connection.
func (s side) link(t *testing.T, device, module string, ok func(localhub.ConnectionState) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := s.hub.WaitConnection(ctx, device, module, ok); err != nil {
		t.Fatal(err)
	}
}

// subscribedAgain is the state after n further sign-ins.
func subscribedAgain(n int) func(localhub.ConnectionState) bool {
	return func(l localhub.ConnectionState) bool { return l.Subscribed && l.SignIns > n }
}

// patch changes desired properties as a back end does.
func (s side) patch(t *testing.T, device, module string, patch object) {
	t.Helper()
	if _, err := s.hub.PatchDesired(device, module, patch); err != nil {
		t.Fatal(err)
	}
}

// hears waits for a patch and compares it.
func (s side) hears(t *testing.T, want string) {
	t.Helper()
	same(t, "the patch", s.driver.wait(t, "patch"), want)
}

// TestModuleClient drives modules by azure-iot-device, over both transports.
func TestModuleClient(t *testing.T) {
	t.Parallel()
	s := openSide(t)
	for name, webSockets := range map[string]bool{"MQTT": false, "WebSocket": true} {
		s.options["websockets"] = webSockets
		t.Run(name, func(t *testing.T) {
			judgeModule(t, s, name)
			judgeReconnect(t, s, name)
		})
	}
}

// judgeModule does what a module does with a twin.
func judgeModule(t *testing.T, s side, device string) {
	t.Run("signs in", func(t *testing.T) {
		s.connect(t, device, "m", nil)
		if twin, _ := s.hub.Twin(device, "m"); twin.ConnectionState != "Connected" {
			t.Errorf("the connection state is %q", twin.ConnectionState)
		}
	})
	t.Run("trusts the certificate as an option", func(t *testing.T) {
		s.connect(t, device, "trust", object{"server_verification_cert": string(s.hub.CertificatePEM())})
	})
	t.Run("reads its twin", func(t *testing.T) {
		s.connect(t, device, "reads", nil)
		same(t, "a fresh twin", s.driver.do(t, "get_twin"), `{"desired":{"$version":1},"reported":{"$version":1}}`)
		s.patch(t, device, "reads", object{"a": object{"b": []any{1, nil, "x"}}})
		same(t, "the twin", s.driver.do(t, "get_twin"), `{"desired":{"$version":2,"a":{"b":[1,null,"x"]}},"reported":{"$version":1}}`)
	})
	t.Run("reports properties", func(t *testing.T) {
		s.connect(t, device, "reports", nil)
		s.driver.do(t, "patch_twin_reported_properties", object{"a": object{"b": 1, "c": 2}, "d": "x"})
		s.driver.do(t, "patch_twin_reported_properties", object{"a": object{"b": nil}, "d": nil})
		same(t, "the twin", s.driver.do(t, "get_twin"), `{"desired":{"$version":1},"reported":{"$version":3,"a":{"c":2}}}`)
		if twin, _ := s.hub.Twin(device, "reports"); twin.Properties.Reported.Version() != 3 || twin.ETag != "AAAAAAAAAAE=" {
			t.Errorf("the back end sees version %d and etag %s", twin.Properties.Reported.Version(), twin.ETag)
		}
	})
	t.Run("notices that a report is refused", func(t *testing.T) {
		s.connect(t, device, "refused", nil)
		s.driver.raises(t, "ClientError", "patch_twin_reported_properties", object{"a.b": 1})
		s.driver.do(t, "patch_twin_reported_properties", object{"a": 1})
	})
	t.Run("notices that a request is throttled", func(t *testing.T) {
		s.connect(t, device, "throttled", nil)
		s.hub.FailNext(1, fault.TwinGet, fault.Status(429))
		s.driver.raises(t, "ClientError", "get_twin")
		s.driver.do(t, "get_twin")
	})
	t.Run("hears patches by a handler", func(t *testing.T) {
		s.connect(t, device, "handler", nil)
		s.driver.do(t, "listen")
		s.patch(t, device, "handler", object{"a": object{"b": 1}})
		s.hears(t, `{"$version":2,"a":{"b":1}}`)
		s.patch(t, device, "handler", object{"a": nil, "ü€😀": "<&>"})
		s.hears(t, `{"$version":3,"a":null,"ü€😀":"\u003c\u0026\u003e"}`)
	})
	t.Run("hears patches by the call that blocks, in order", func(t *testing.T) {
		const count = 50
		s.open(t, s.hub.AddModule(device, "blocks"), nil) // that call connects
		s.driver.do(t, "receive", count)
		s.link(t, device, "blocks", func(l localhub.ConnectionState) bool { return l.Subscribed })
		for i := range count {
			s.patch(t, device, "blocks", object{"n": i})
		}
		for i := range count {
			s.hears(t, `{"$version":`+strconv.Itoa(i+2)+`,"n":`+strconv.Itoa(i)+`}`)
		}
	})
	t.Run("hears of a replacement as a patch", func(t *testing.T) {
		s.connect(t, device, "replaced", nil)
		s.driver.do(t, "listen")
		registry := openRegistry(t, s.hub)
		for _, row := range []struct {
			desired object
			heard   string
		}{
			{object{"a": 1, "b": object{"c": 2, "d": 3}}, `{"$version":2,"a":1,"b":{"c":2,"d":3}}`},
			{object{"b": object{"d": 3}, "e": 4}, `{"$version":3,"a":null,"b":{"c":null,"d":3},"e":4}`},
		} {
			if _, err := registry.ReplaceModuleTwin(t.Context(), device, "replaced", iothub.TwinPatch{Desired: iothub.Properties(row.desired)}, ""); err != nil {
				t.Fatal(err)
			}
			s.hears(t, row.heard)
		}
	})
	t.Run("subscribes to methods and inputs as well", func(t *testing.T) {
		s.connect(t, device, "everything", nil)
		s.driver.do(t, "subscribe_to_everything")
		s.driver.do(t, "listen")
		s.patch(t, device, "everything", object{"a": 1})
		s.hears(t, `{"$version":2,"a":1}`)
	})
	t.Run("sends messages", func(t *testing.T) {
		s.connect(t, device, "sends", nil)
		s.driver.do(t, "send_message", "one")
		s.driver.do(t, "send_message_to_output", "two", "output")
		s.link(t, device, "sends", func(l localhub.ConnectionState) bool { return l.Telemetry == 2 })
	})
}

// openRegistry returns our own client of the service side.
func openRegistry(t *testing.T, hub *localhub.Hub) *iothub.Registry {
	t.Helper()
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	return registry
}

package browsertest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/portal"
)

// scene is a hub with its portal, and a signed-in back end.
type scene struct {
	hub     *localhub.Hub
	service *iothub.Registry
	address string // of the portal, with the token
	server  *httptest.Server
}

func newScene(t *testing.T) *scene {
	t.Helper()
	hub := localhub.New(t)
	view := portal.New(hub, nil)
	server := httptest.NewServer(view)
	t.Cleanup(func() { view.Close(); server.Close() })
	return &scene{hub, newService(t, hub), view.URL(server.Listener.Addr().String()), server}
}

func newService(t *testing.T, hub *localhub.Hub) *iothub.Registry {
	t.Helper()
	service, err := iothub.NewRegistry(hub.ConnectionString("serviceAndRegistryReadWrite"), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.CloseIdleConnections)
	return service
}

// dial connects a module app that subscribes to its desired properties.
func dial(t *testing.T, hub *localhub.Hub, module iothub.ConnectionString) *iotmodule.Client {
	t.Helper()
	client, err := iotmodule.Dial(t.Context(), module, &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := client.SubscribeDesired(t.Context()); err != nil {
		t.Fatal(err)
	}
	return client
}

// patch changes desired properties as updatemoduletwin does.
func (s *scene) patch(t *testing.T, deviceID, moduleID string, desired map[string]any) {
	t.Helper()
	if _, err := s.service.UpdateModuleTwin(t.Context(), deviceID, moduleID, iothub.TwinPatch{Desired: desired}, ""); err != nil {
		t.Fatal(err)
	}
}

// running is a hub with a portal that can be ended and started again at the
// same address, as bin/localhub can.
type running struct {
	hub     *localhub.Hub
	address string
	stop    func()
}

func run(t *testing.T, folder, hubAddress, portalAddress string) running {
	t.Helper()
	hub, err := localhub.Start(&localhub.Options{Listen: []string{hubAddress}, DataDir: folder})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", portalAddress)
	if err != nil {
		t.Fatal(err)
	}
	view := portal.New(hub, nil)
	server := &http.Server{Handler: view}
	go server.Serve(listener)
	return running{hub, view.URL(listener.Addr().String()), func() { server.Close(); view.Close(); hub.Close() }}
}

package sampletest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// Hub is a local hub for programs.
type Hub struct {
	*localhub.Hub
	caFile string
}

// NewHub starts a hub that is closed at the end of the test.
func NewHub(t *testing.T) Hub {
	t.Helper()
	hub := localhub.New(t)
	return Hub{hub, file(t, hub.CertificatePEM())}
}

// Service is the environment of a service-side program.
func (h Hub) Service(policy string) Env {
	return Service(h.ConnectionString(policy).Reveal(), h.caFile)
}

// Module is the environment of a module program.
func (h Hub) Module(c iothub.ConnectionString) Env { return Module(c.Reveal(), h.caFile) }

// UnknownKey is an environment whose connection strings have a key that the hub
// does not know.
func (h Hub) UnknownKey() Env {
	return Env{
		"IOTHUB_CONNECTION_STRING":        PolicyString(h.HostName()),
		"IOTHUB_MODULE_CONNECTION_STRING": ModuleString(h.HostName()),
		"IOTHUB_CA_FILE":                  h.caFile,
	}
}

// Service is an environment with the connection string of a policy. caFile may
// be "".
func Service(connectionString, caFile string) Env {
	return Env{"IOTHUB_CONNECTION_STRING": connectionString, "IOTHUB_CA_FILE": caFile}
}

// Module is Service for the connection string of a module.
func Module(connectionString, caFile string) Env {
	return Env{"IOTHUB_MODULE_CONNECTION_STRING": connectionString, "IOTHUB_CA_FILE": caFile}
}

// SomeKey looks like a key.
var SomeKey = strings.Repeat("c29tZSBr", 5) + "ZXk="

// PolicyString returns the connection string of a policy, with SomeKey.
func PolicyString(host string) string {
	return fmt.Sprintf("HostName=%s;SharedAccessKeyName=serviceAndRegistryReadWrite;SharedAccessKey=%s", host, SomeKey)
}

// ModuleString is PolicyString for a module.
func ModuleString(host string) string {
	return fmt.Sprintf("HostName=%s;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=%s", host, SomeKey)
}

// ClosedPort is an address on which nothing listens: no test can take this
// port.
const ClosedPort = "127.0.0.1:1"

func file(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

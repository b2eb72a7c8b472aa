package iothub_test

import (
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

func TestNewRegistryRefuses(t *testing.T) {
	const key = ";SharedAccessKey=" + testKey
	tests := []struct {
		name string
		hub  iothub.ConnectionString
		says string
	}{
		{"the string of a device", parse(t, "HostName=h;DeviceId=d"+key), `iothub: connection string: this one belongs to device "d"; use that of a shared access policy`},
		{"the string of a module", parse(t, "HostName=h;DeviceId=d;ModuleId=m"+key), `iothub: connection string: this one belongs to module "m" on device "d"; use that of a shared access policy`},
		{"the zero value", iothub.ConnectionString{}, "iothub: connection string: HostName is missing"},
		{"a string made by hand, without key", iothub.ConnectionString{HostName: "h", SharedAccessKeyName: "p"}, "iothub: connection string: SharedAccessKey is missing"},
		{"a string made by hand, with a line break", iothub.ConnectionString{HostName: "h", SharedAccessKeyName: "p\n", SharedAccessKey: keys.PrimaryKey}, "iothub: connection string: SharedAccessKeyName: character 2 is a line break (U+000A), which cannot be seen: leave it out"},
		{"a string made by hand, with an empty key", iothub.ConnectionString{HostName: "h", SharedAccessKeyName: "p", SharedAccessKey: iothub.Key{}}, "iothub: connection string: SharedAccessKey is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			registry, err := iothub.NewRegistry(test.hub, nil)
			checkInvalid(t, err, test.says)
			if registry != nil {
				t.Error("got a registry along with the error")
			}
		})
	}
}

func TestNewRegistryRefusesUnreadableCertificates(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	t.Setenv("IOTHUB_CA_FILE", missing)
	_, err := iothub.NewRegistry(parse(t, policyString), nil)
	checkInvalid(t, err, "iothub: IOTHUB_CA_FILE: open "+missing)
	if _, err := iothub.NewRegistry(parse(t, policyString), &iothub.Options{RootCAs: x509.NewCertPool()}); err != nil {
		t.Errorf("RootCAs is set, but the variable was read: %v", err)
	}
}

// A token serves many requests, until it is about to expire.
func TestTokenReuse(t *testing.T) {
	tests := []struct {
		name           string
		lifetime, life time.Duration // as given, and the lifetime that it means
	}{
		{"an hour by default", 0, time.Hour},
		{"ten seconds", 10 * time.Second, 10 * time.Second},
		{"negative means the default", -time.Second, time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := serve(t)
				hub.always = device("1")
				registry := hub.registry(t, &iothub.Options{TokenLifetime: test.lifetime})
				start := time.Now()
				for _, at := range []time.Duration{0, 1, test.life*4/5 - 1, test.life * 4 / 5, test.life} {
					time.Sleep(time.Until(start.Add(at)))
					if err := getDevice(t.Context(), registry); err != nil {
						t.Fatal(err)
					}
				}
				var tokens []string
				for _, r := range hub.requests() {
					tokens = append(tokens, r.header.Get("Authorization"))
				}
				if tokens[0] != tokens[1] || tokens[0] != tokens[2] {
					t.Error("the token was not reused while more than a fifth of its life was left")
				}
				if tokens[3] == tokens[2] || tokens[4] != tokens[3] {
					t.Error("the token was not renewed once when a fifth of its life was left")
				}
				if token, err := iothub.ParseSASToken(tokens[3]); err != nil || !token.Expiry.Equal(start.Add(test.life*4/5+test.life)) {
					t.Errorf("the second token: %+v, %v", token, err)
				}
			})
		})
	}
}

// Calls in a row, such as those of createmodule, share one TLS connection.
// After CloseIdleConnections, the next call makes a new one.
func TestConnectionReuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := serve(t, exists, device("1"), notFound, deleted, device("1"))
		registry := hub.registry(t, nil)
		for _, call := range []call{createDevice, getDevice, getDevice, deleteDevice} {
			call(t.Context(), registry)
		}
		if hub.conns != 1 {
			t.Errorf("%d connections for four calls in a row, want 1", hub.conns)
		}
		registry.CloseIdleConnections()
		synctest.Wait()
		if err := getDevice(t.Context(), registry); err != nil || hub.conns != 2 {
			t.Errorf("after CloseIdleConnections: %v, %d connections, want 2", err, hub.conns)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	hub := localhub.New(t)
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.CloseIdleConnections()
	var wg sync.WaitGroup
	var created, existed int
	var mu sync.Mutex // guards the counts
	for range 20 {
		wg.Go(func() {
			_, err := registry.CreateDevice(t.Context(), iothub.Device{DeviceID: "d"})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				created++
			case errors.Is(err, iothub.ErrExists):
				existed++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if created != 1 || existed != 19 {
		t.Errorf("%d creates succeeded and %d found the device there, want 1 and 19", created, existed)
	}
}

// TestAllCalls walks through the life of a device and its module, on a hub that
// enforces the rules.
func TestAllCalls(t *testing.T) {
	hub := localhub.New(t)
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.CloseIdleConnections()
	ctx := t.Context()
	check := func(what string, err error, ok bool) {
		t.Helper()
		if err != nil || !ok {
			t.Fatalf("%s: %v, as expected: %t", what, err, ok)
		}
	}

	device, err := registry.CreateDevice(ctx, iothub.Device{DeviceID: "d#1"})
	check("create device", err, device.Status == "enabled" && len(device.Authentication.SymmetricKey.PrimaryKey.Bytes()) == 32)
	stale := device.ETag
	device.Status, device.StatusReason = "disabled", "repair"
	device, err = registry.UpdateDevice(ctx, device)
	check("update device", err, device.Status == "disabled" && device.ETag != stale)
	device.ETag = stale
	if _, err := registry.UpdateDevice(ctx, device); !errors.Is(err, iothub.ErrPreconditionFailed) {
		t.Errorf("update with an old ETag: %v", err)
	}
	got, err := registry.GetDevice(ctx, "d#1")
	check("get device", err, got.StatusReason == "repair" && !got.StatusUpdatedTime.IsZero())
	devices, err := registry.ListDevices(ctx)
	check("list devices", err, len(devices) == 1 && devices[0].DeviceID == "d#1")

	module, err := registry.CreateModule(ctx, iothub.Module{DeviceID: "d#1", ModuleID: "m", ManagedBy: "me"})
	check("create module", err, module.ManagedBy == "me")
	module.Authentication.SymmetricKey.PrimaryKey = module.Authentication.SymmetricKey.SecondaryKey
	module, err = registry.UpdateModule(ctx, module)
	check("update module", err, module.Authentication.SymmetricKey.PrimaryKey.Equal(module.Authentication.SymmetricKey.SecondaryKey))
	gotModule, err := registry.GetModule(ctx, "d#1", "m")
	check("get module", err, gotModule.ETag == module.ETag)
	modules, err := registry.ListModules(ctx, "d#1")
	check("list modules", err, len(modules) == 1 && modules[0].ModuleID == "m")

	twin, err := registry.GetModuleTwin(ctx, "d#1", "m")
	check("get module twin", err, twin.ModuleID == "m" && twin.Properties.Desired.Version() == 1)
	twin, err = registry.UpdateModuleTwin(ctx, "d#1", "m", iothub.TwinPatch{Desired: map[string]any{"a": 1, "b": 2}}, twin.ETag)
	check("update module twin", err, twin.Properties.Desired["a"] == 1.0 && twin.Properties.Desired.Version() == 2)
	twin, err = registry.ReplaceModuleTwin(ctx, "d#1", "m", iothub.TwinPatch{Desired: map[string]any{"c": 3}}, "")
	check("replace module twin", err, len(twin.Properties.Desired.UserProperties()) == 1 && twin.Properties.Desired["c"] == 3.0)
	twin, err = registry.UpdateDeviceTwin(ctx, "d#1", iothub.TwinPatch{Tags: map[string]any{"room": 4}}, "")
	check("update device twin", err, twin.Tags["room"] == 4.0)
	twin, err = registry.ReplaceDeviceTwin(ctx, "d#1", iothub.TwinPatch{Desired: map[string]any{"c": 3}}, "")
	check("replace device twin", err, len(twin.Tags) == 0)
	twin, err = registry.GetDeviceTwin(ctx, "d#1")
	check("get device twin", err, twin.Properties.Desired["c"] == 3.0)

	check("delete module", registry.DeleteModule(ctx, "d#1", "m", module.ETag), true)
	check("delete device", registry.DeleteDevice(ctx, "d#1", ""), true)
	if _, err := registry.GetDevice(ctx, "d#1"); !errors.Is(err, iothub.ErrNotFound) {
		t.Errorf("get device after its deletion: %v", err)
	}
}

// A learner who forgot to start the local hub is told what to do.
func TestNothingListens(t *testing.T) {
	const host = "127.0.0.1:1" // a port that no other test can take
	registry, err := iothub.NewRegistry(parse(t, "HostName="+host+";SharedAccessKeyName=p;SharedAccessKey="+testKey), &iothub.Options{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	err = getDevice(t.Context(), registry)
	if err == nil || !strings.HasPrefix(err.Error(), `iothub: get device "d": dial tcp 127.0.0.1:`) || iothub.Hint(err) != "Nothing is listening there. Is the local hub running, at the port of the connection string?" {
		t.Errorf("got %v", err)
	}
}

// A server is trusted only if its certificate is from the right authority and
// for the right host.
func TestUntrustedServer(t *testing.T) {
	tests := []struct{ name, host, says string }{
		{"of another authority", serverName, "Does a proxy decrypt the connection? Then set IOTHUB_CA_FILE to the file with its certificate."},
		{"for another host", "elsewhere.org", "The certificate is for another host. Check HostName in the connection string."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub := serve(t)
				opts := &iothub.Options{RootCAs: roots, DialContext: hub.listener.DialContext}
				if test.host == serverName {
					opts.RootCAs = x509.NewCertPool()
				}
				registry, err := iothub.NewRegistry(parse(t, strings.Replace(policyString, serverName, test.host, 1)), opts)
				if err != nil {
					t.Fatal(err)
				}
				err = createDevice(t.Context(), registry)
				if err == nil || !strings.HasPrefix(err.Error(), `iothub: create device "d": tls: `) || iothub.Hint(err) != test.says {
					t.Errorf("got %v, hint %q", err, iothub.Hint(err))
				}
			})
		})
	}
}

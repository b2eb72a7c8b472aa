package localhub_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// BenchmarkPatch changes the desired properties of a connected module. The cost
// does not depend on the number of modules.
func BenchmarkPatch(b *testing.B) {
	for _, modules := range []int{1, 10_000} {
		b.Run(fmt.Sprint(modules, " modules"), func(b *testing.B) {
			hub, err := localhub.Start(nil)
			if err != nil {
				b.Fatal(err)
			}
			defer hub.Close()
			for i := range modules {
				hub.AddModule(fmt.Sprint("d", i/50), fmt.Sprint("m", i))
			}
			c := dial(b, hub)
			c.send(connect(hub.AddModule("d0", "m0")))
			c.expectConnack()
			c.subscribe(desired)
			c.SetDeadline(time.Time{})
			var reading sync.WaitGroup
			reading.Go(func() { io.Copy(io.Discard, c) })
			defer reading.Wait()
			defer c.Close()
			patch := map[string]any{"interval": 1}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := hub.PatchDesired("d0", "m0", patch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkConnected measures, on systems with /proc, how much memory a hub in
// its own process needs for each connected and subscribed module.
func BenchmarkConnected(b *testing.B) {
	const modules = 1000
	for b.Loop() {
		owner, roots, process, kill := startProcess(b, b.TempDir())
		registry, err := iothub.NewRegistry(owner, &iothub.Options{RootCAs: roots})
		if err != nil {
			b.Fatal(err)
		}
		identities := make([]iothub.ConnectionString, modules)
		for i := range identities {
			device := iothub.Device{DeviceID: fmt.Sprint("d", i)}
			if device, err = registry.CreateDevice(b.Context(), device); err != nil {
				b.Fatal(err)
			}
			identities[i] = iothub.ConnectionString{HostName: owner.HostName, DeviceID: device.DeviceID, SharedAccessKey: device.Authentication.SymmetricKey.PrimaryKey}
		}
		before, start := resident(b, process), time.Now()
		for _, identity := range identities {
			conn, err := tls.Dial("tcp", owner.HostName, &tls.Config{RootCAs: roots})
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			c := &client{b, conn}
			c.send(connect(identity))
			c.expectConnack()
			c.subscribe(responses, desired)
		}
		b.ReportMetric(float64(time.Since(start).Microseconds())/modules, "µs/sign-in")
		b.ReportMetric(float64(resident(b, process)-before)/modules, "KiB/module")
		kill()
	}
}

// resident returns the resident memory of a process in KiB.
func resident(b *testing.B, process int) (size int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
	if err != nil {
		b.Skip("this system has no /proc")
	}
	_, line, _ := strings.Cut(string(status), "VmRSS:")
	fmt.Sscan(line, &size)
	return size
}

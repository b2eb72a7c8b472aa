package localhub_test

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
)

// BenchmarkGrowth lets a module report values that count little or nothing
// towards the size of a twin, repeatedly under new names, to a hub in its own
// process. It measures the memory and file size that result, and how long a
// small report and the next start take then.
func BenchmarkGrowth(b *testing.B) {
	list := func(n int, value string) string { return "[" + strings.Repeat(value+",", n-1) + value + "]" }
	emptyNames := strings.Repeat(`{"":`, 8) + "{}" + strings.Repeat("}", 8)
	for _, kind := range []struct{ name, value string }{
		{"nothing", ""},
		{"a full section of strings", `"` + strings.Repeat("x", 538) + `"`},
		{"empty strings in arrays", list(66_000, `""`)},
		{"empty objects in arrays", list(66_000, `{}`)},
		{"empty arrays in arrays", list(66_000, `[]`)},
		{"empty names", list(4_500, emptyNames)},
		{"control characters", list(8, `"`+strings.Repeat(`\u0001`, 4096)+`"`)},
		{"long numbers", "1." + strings.Repeat("1", 200_000)},
		{"10,800 empty objects", ""},
	} {
		b.Run(kind.name, func(b *testing.B) {
			for b.Loop() {
				benchmarkGrowth(b, kind.name, kind.value)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func benchmarkGrowth(b *testing.B, name, value string) {
	folder := b.TempDir()
	m := startReporting(b, folder)
	taken := 0
	switch {
	case name == "10,800 empty objects":
		for i := range 12 {
			members := make([]string, 900)
			for j := range members {
				members[j] = fmt.Sprintf(`"%c%c%c":{}`, 'a'+i, 'A'+j/30, 'A'+j%30)
			}
			taken += m.report("{" + strings.ReplaceAll(strings.Join(members, ","), `\`, "z") + "}")
		}
	case value != "":
		for i := range 60 {
			taken += m.report(fmt.Sprintf(`{"n%d":%s}`, i, value))
		}
	}
	var times []float64
	for i := range 9 {
		began := time.Now()
		m.report(fmt.Sprintf(`{"x":%d}`, i))
		times = append(times, float64(time.Since(began).Microseconds())/1000)
	}
	b.ReportMetric(float64(taken), "taken")
	b.ReportMetric(slices.Sorted(slices.Values(times))[len(times)/2], "ms/report")
	b.ReportMetric(float64(resident(b, m.process))/1024, "MiB")
	if info, err := os.Stat(filepath.Join(folder, "hub.db")); err == nil {
		b.ReportMetric(float64(info.Size())/(1<<20), "MiB-file")
	}
	m.kill()
	began := time.Now()
	startReporting(b, folder).kill()
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/start")
}

// reporter is a device that reports to a hub in its own process.
type reporter struct {
	*client
	process int
	kill    func()
}

func startReporting(b *testing.B, folder string) reporter {
	owner, roots, process, kill := startProcess(b, folder)
	registry, err := iothub.NewRegistry(owner, &iothub.Options{RootCAs: roots})
	if err != nil {
		b.Fatal(err)
	}
	device, err := registry.CreateDevice(b.Context(), iothub.Device{DeviceID: "d"})
	if err != nil {
		device, err = registry.GetDevice(b.Context(), "d")
	}
	if err != nil {
		b.Fatal(err)
	}
	identity := iothub.ConnectionString{HostName: owner.HostName, DeviceID: "d", SharedAccessKey: device.Authentication.SymmetricKey.PrimaryKey}
	conn, err := tls.Dial("tcp", owner.HostName, &tls.Config{RootCAs: roots})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	c := &client{b, conn}
	c.send(connect(identity))
	c.expectConnack()
	c.subscribe(responses)
	return reporter{c, process, kill}
}

// report returns 1 if the hub accepts the report, else 0.
func (r reporter) report(properties string) int {
	topic, _ := r.request("$iothub/twin/PATCH/properties/reported/?$rid=1", properties)
	if strings.HasPrefix(topic, "$iothub/twin/res/204/") {
		return 1
	}
	return 0
}

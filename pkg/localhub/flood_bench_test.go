package localhub_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"net"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
)

var floodSize = flag.Int("flood.size", 17_000, "how many connections BenchmarkFloods opens; the hub has 16384 places")

// BenchmarkFloods measures how long a newcomer waits until it has signed in to
// a hub, in a process of its own, all of whose places are taken by connections
// that do not sign in: by some that only stand there, and by some that come
// again as soon as they are ended.
func BenchmarkFloods(b *testing.B) {
	for kind, begin := range floods {
		for _, way := range []string{"standing", "coming again"} {
			b.Run(kind+", "+way, func(b *testing.B) {
				owner, roots, _, kill := startProcess(b, b.TempDir())
				defer kill()
				identity := newDevice(b, owner, roots)
				ctx, cancel := context.WithCancel(b.Context())
				var attackers sync.WaitGroup
				defer attackers.Wait()
				defer cancel()
				standing := startFlood(ctx, &attackers, owner.HostName, roots, begin, way == "coming again")
				b.ResetTimer()
				for b.Loop() {
					waitForPlace(b, owner.HostName, roots, identity)
				}
				b.ReportMetric(float64(standing), "connections")
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms-waiting")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// startFlood returns when all connections have been tried once, and how many
// of them are there.
func startFlood(ctx context.Context, attackers *sync.WaitGroup, address string, roots *x509.CertPool, begin func(net.Conn, *tls.Config) (net.Conn, error), again bool) (standing int) {
	results := make(chan bool)
	slots := make(chan struct{}, 64) // that are being opened
	config := &tls.Config{RootCAs: roots, ServerName: "localhost"}
	attack := func() net.Conn {
		slots <- struct{}{}
		defer func() { <-slots }()
		raw, err := net.DialTimeout("tcp", address, 5*time.Second)
		if err != nil {
			return nil
		}
		raw.SetDeadline(time.Now().Add(5 * time.Second))
		conn, err := begin(raw, config)
		if err != nil {
			raw.Close()
			return nil
		}
		raw.SetDeadline(time.Time{})
		return conn
	}
	for range *floodSize {
		attackers.Go(func() {
			conn := attack()
			results <- conn != nil
			for ctx.Err() == nil {
				if conn != nil {
					stop := context.AfterFunc(ctx, func() { conn.Close() })
					conn.Read(make([]byte, 1)) // until it is ended
					stop()
					conn.Close()
				}
				if !again {
					return
				}
				conn = attack()
			}
		})
	}
	for range *floodSize {
		if <-results {
			standing++
		}
	}
	return standing
}

// waitForPlace tries to sign in until it works, for three minutes at most.
func waitForPlace(b *testing.B, address string, roots *x509.CertPool, identity iothub.ConnectionString) {
	for began := time.Now(); time.Since(began) < 3*time.Minute; {
		conn, err := tls.DialWithDialer(&net.Dialer{Deadline: time.Now().Add(10 * time.Second)}, "tcp", address, &tls.Config{RootCAs: roots})
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		err = connect(identity).Write(conn)
		connack := make([]byte, 4)
		if err == nil {
			_, err = conn.Read(connack)
		}
		conn.Close()
		if err == nil && connack[3] == 0 {
			return
		}
	}
	b.Log("no place in three minutes")
}

func newDevice(b *testing.B, owner iothub.ConnectionString, roots *x509.CertPool) iothub.ConnectionString {
	registry, err := iothub.NewRegistry(owner, &iothub.Options{RootCAs: roots})
	if err != nil {
		b.Fatal(err)
	}
	device, err := registry.CreateDevice(b.Context(), iothub.Device{DeviceID: "d"})
	if err != nil {
		b.Fatal(err)
	}
	return iothub.ConnectionString{HostName: owner.HostName, DeviceID: "d", SharedAccessKey: device.Authentication.SymmetricKey.PrimaryKey}
}

package localhub_test

import (
	"context"
	"crypto/tls"
	"flag"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

var floodPlaces = flag.Int("flood.places", 1024, "how many places the hub of BenchmarkFloods has")

// BenchmarkFloods measures how long a newcomer takes to sign in to a hub whose
// places are all taken by connections that do not sign in. These either just
// stay open or are opened again as soon as they are ended.
func BenchmarkFloods(b *testing.B) {
	for kind, begin := range floods {
		for _, way := range []string{"standing", "coming again"} {
			b.Run(kind+", "+way, func(b *testing.B) {
				hub, err := localhub.Start(&localhub.Options{MaxConnections: *floodPlaces})
				if err != nil {
					b.Fatal(err)
				}
				defer hub.Close()
				identity := hub.AddModule("d", "m")
				ctx, cancel := context.WithCancel(b.Context())
				var attackers sync.WaitGroup
				defer attackers.Wait()
				defer cancel()
				startFlood(ctx, &attackers, hub, begin, way == "coming again")
				b.ResetTimer()
				for b.Loop() {
					waitForPlace(b, hub, identity)
				}
				b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms-waiting")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// startFlood opens connections, and returns when there have been more of them
// than the hub has places.
func startFlood(ctx context.Context, attackers *sync.WaitGroup, hub *localhub.Hub, begin func(net.Conn, *tls.Config) (net.Conn, error), again bool) {
	var opening sync.WaitGroup
	slots := make(chan struct{}, 64) // limits how many are being opened at a time
	for range *floodPlaces + 64 {
		opening.Add(1)
		attackers.Go(func() {
			opened := sync.OnceFunc(opening.Done)
			for first := true; first || again && ctx.Err() == nil; first = false {
				slots <- struct{}{}
				conn, err := attack(hub, begin)
				<-slots
				opened()
				if err == nil {
					stop := context.AfterFunc(ctx, func() { conn.Close() })
					conn.Read(make([]byte, 1)) // until the hub ends it
					stop()
					conn.Close()
				}
			}
		})
	}
	opening.Wait()
}

func attack(hub *localhub.Hub, begin func(net.Conn, *tls.Config) (net.Conn, error)) (net.Conn, error) {
	raw, err := net.DialTimeout("tcp", hub.Addresses()[0], testTimeout)
	if err != nil {
		return nil, err
	}
	raw.SetDeadline(time.Now().Add(testTimeout))
	conn, err := begin(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
	if err != nil {
		raw.Close()
		return nil, err
	}
	raw.SetDeadline(time.Time{})
	return conn, nil
}

// waitForPlace tries to sign in until it succeeds, for at most three minutes.
func waitForPlace(b *testing.B, hub *localhub.Hub, identity iothub.ConnectionString) {
	b.Helper()
	for began := time.Now(); time.Since(began) < 3*time.Minute; {
		if tryToSignIn(hub, identity) == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Error("no place in three minutes")
}

func tryToSignIn(hub *localhub.Hub, identity iothub.ConnectionString) error {
	raw, err := net.DialTimeout("tcp", hub.Addresses()[0], testTimeout)
	if err != nil {
		return err
	}
	defer raw.Close()
	raw.SetDeadline(time.Now().Add(testTimeout))
	conn := tls.Client(raw, &tls.Config{RootCAs: hub.RootCAs(), ServerName: "localhost"})
	if err := connect(identity).Write(conn); err != nil {
		return err
	}
	_, err = packets.ReadPacket(conn)
	return err
}

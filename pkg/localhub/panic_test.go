package localhub_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

// tripwire is a log that panics once, at certain words.
type tripwire struct {
	logbook
	words   string
	tripped atomic.Bool
}

func (l *tripwire) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(l.words)) && !l.tripped.Swap(true) {
		panic("tripped over " + l.words)
	}
	return l.logbook.Write(line)
}

// TestPanic makes the log, which is not the hub's own code, panic while a
// client is served. The client loses its connection; the hub logs why and goes
// on.
func TestPanic(t *testing.T) {
	for _, row := range []struct {
		name, words string
		provoke     func(t *testing.T, hub *localhub.Hub)
	}{
		{"HTTPS", "GET /devices", func(t *testing.T, hub *localhub.Hub) {
			if _, err := newREST(t, hub).try("GET", "/devices/d", ""); err == nil {
				t.Error("there was a response")
			}
		}},
		{"MQTT", "fault", func(t *testing.T, hub *localhub.Hub) {
			c, _ := signIn(t, hub, hub.AddModule("d", "m"))
			hub.FailNext(1, fault.Subscribe, fault.Cut())
			c.send(&packets.SubscribePacket{FixedHeader: packets.FixedHeader{MessageType: packets.Subscribe, Qos: 1}, MessageID: 1, Topics: []string{desired}, Qoss: []byte{0}})
			c.expectEnd()
			if _, err := hub.WaitConnection(t.Context(), "d", "m", func(s localhub.ConnectionState) bool { return !s.Connected }); err != nil {
				t.Error(err)
			}
		}},
		{"sign-in", "is connected", func(t *testing.T, hub *localhub.Hub) {
			module := hub.AddModule("d", "m")
			c := dial(t, hub)
			c.send(connect(module))
			c.readRest() // with or without a CONNACK, which the hub sends before it logs
			ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
			defer cancel()
			if _, err := hub.WaitConnection(ctx, "d", "m", func(s localhub.ConnectionState) bool { return s.SignIns == 1 && !s.Connected }); err != nil {
				t.Error(err)
			}
			again, _ := signIn(t, hub, module)
			again.expectAlive()
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			log := tripwire{words: row.words}
			hub, err := localhub.Start(&localhub.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			defer hub.Close()
			row.provoke(t, hub)
			c, _ := signIn(t, hub, hub.AddModule("d", "other"))
			c.expectAlive()
			newREST(t, hub).must(200, "GET", "/twins/d", "")
			c.Close()
			hub.Close()
			text := log.text.String()
			if !strings.Contains(text, "tripped over") || !strings.Contains(text, "stack=") || strings.Count(text, "failed to serve a client") != 1 {
				t.Errorf("the log is\n%s", text)
			}
		})
	}
}

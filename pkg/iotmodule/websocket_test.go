package iotmodule_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// Over WebSocket, no change is lost either.
func TestWebSocket(t *testing.T) {
	t.Parallel()
	overWebSocket := func(o *iotmodule.Options) { o.WebSocket = true }
	inBothSettings(t, "cut and back again", func(s *fixture) {
		s.someChanges("before")
		for name, disconnect := range map[string]func(string, string) bool{"Cut": s.hub.Disconnect, "Reset": s.hub.ResetConnection} {
			signIns := s.awaitConnection(func(l localhub.ConnectionState) bool { return l.Connected }).SignIns
			disconnect(deviceID, moduleID)
			s.someChanges("during" + name)
			s.awaitConnection(func(l localhub.ConnectionState) bool { return l.SignIns > signIns && l.Subscribed })
		}
		s.someChanges("after")
		s.settled()
	}, overWebSocket)
}

// Cancelling its context ends Dial at once, even if the server accepts the
// connection but never opens the WebSocket.
func TestWebSocketObeysItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handshaken := make(chan struct{})
		h := newHostile(t, func(conn net.Conn) {
			conn.(*tls.Conn).Handshake()
			close(handshaken)
			io.Copy(io.Discard, conn)
		}, &tls.Config{}, "localhost")
		h.opts.WebSocket = true
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-handshaken
			cancel()
		}()
		start := time.Now()
		_, err := iotmodule.Dial(ctx, h.module, h.opts)
		if took := time.Since(start); !errors.Is(err, context.Canceled) || took != 0 {
			t.Errorf("Dial, after %v: %v", took, err)
		}
	})
}

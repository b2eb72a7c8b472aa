package browsertest

import (
	"crypto/tls"
	"strings"
	"testing"
)

// TestTwinFilter checks that the filter for twins shows what concerns twins, and
// nothing else.
func TestTwinFilter(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.hub.AddModule("d", "m")
	s.hub.Block()
	s.patch(t, "d", "m", map[string]any{"a": 1})
	p := open(t, s.address)
	p.visit("/history")
	p.see("Störungen geändert")
	p.click("Zwillinge")
	p.gone("Störungen geändert")
	p.see("Gewünschte Eigenschaften von d/m geändert")
	p.see("Patch an d/m nicht zugestellt")
}

// TestLongPatch checks that of a large patch, only the beginning is shown, as
// the page is slow otherwise.
func TestLongPatch(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.hub.AddModule("d", "m")
	s.patch(t, "d", "m", map[string]any{"small": 1})
	s.patch(t, "d", "m", map[string]any{"long": strings.Repeat("x", 4000)})
	p := open(t, s.address)
	p.visit("/history")
	p.see(`{"small":1}`)
	p.until(`[...document.querySelectorAll('.events code')].some(code => /^\{"long":"x+…$/.test(code.textContent))`)
	if longest := value[int](p, `Math.max(...[...document.querySelectorAll('.events code')].map(code => code.textContent.length))`); longest > 700 {
		t.Errorf("%d characters are shown", longest)
	}
}

// TestUnknownClient has a client try to sign in that names no device.
func TestUnknownClient(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := open(t, s.address)
	p.visit("/history")
	conn, err := tls.Dial("tcp", s.hub.HostName(), &tls.Config{RootCAs: s.hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const connect = "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x"
	if _, err := conn.Write([]byte(connect)); err != nil {
		t.Fatal(err)
	}
	p.see("Anmeldung eines unbekannten Clients abgelehnt")
	p.click("English")
	p.see("Sign-in of an unknown client refused")
}

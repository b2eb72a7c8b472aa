package browsertest

import "testing"

// TestCrowdedWire has a module read its twin often, which crowds the wire of
// MQTT. The page draws only some of it, but still all requests over HTTPS.
func TestCrowdedWire(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	client := dial(t, s.hub, s.hub.AddModule("d", "m"))
	p := open(t, s.address)
	p.see("Live")
	p.until(`document.querySelectorAll('.flow i').length === 0`)
	p.exec(`window.most = { HTTPS: 0, MQTT: 0 };
		new MutationObserver(() => {
			for (const wire of document.querySelectorAll('.wire')) {
				const name = wire.querySelector('small').textContent;
				most[name] = Math.max(most[name], wire.querySelectorAll('i').length);
			}
		}).observe(document.body, { subtree: true, childList: true })`)
	for range 30 {
		if _, err := client.GetTwin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.service.GetDevice(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	p.until(`most.HTTPS === 1`)
	p.until(`document.querySelectorAll('.flow i').length === 0`)
	if most := value[int](p, `most.MQTT`); most == 0 || most > 8 {
		t.Errorf("%d requests were on the wire at once", most)
	}
}

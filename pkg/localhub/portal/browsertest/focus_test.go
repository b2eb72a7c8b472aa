package browsertest

import "testing"

// TestFocusStays removes what stands before the focused element, which keeps
// the focus.
func TestFocusStays(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.hub.AddDevice("a")
	s.hub.AddDevice("b")
	p := open(t, s.address)
	p.visit("/devices")
	p.see("Live")
	p.exec(named("b") + `.focus()`)
	if err := s.service.DeleteDevice(t.Context(), "a", ""); err != nil {
		t.Fatal(err)
	}
	p.until(named("a") + ` == null`)
	if !value[bool](p, `document.activeElement === `+named("b")) {
		t.Error("the focus is lost")
	}
}

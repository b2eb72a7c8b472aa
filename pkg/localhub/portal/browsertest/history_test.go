package browsertest

import "testing"

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

package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// recreate deletes a module and creates it again, so that it has new keys and
// an empty twin.
func (s *scene) recreate(t *testing.T, deviceID, moduleID string) {
	t.Helper()
	if err := s.service.DeleteModule(t.Context(), deviceID, moduleID, ""); err != nil {
		t.Fatal(err)
	}
	s.hub.AddModule(deviceID, moduleID)
}

// TestTwinOfNewModule deletes a module and creates it again. The page shows its
// new twin, and what is remembered about the old one does not count.
func TestTwinOfNewModule(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.hub.AddModule("d", "m")
	for n := range 3 {
		s.patch(t, "d", "m", map[string]any{"old": n})
	}
	s.recreate(t, "d", "m")
	p := open(t, s.address)
	for _, name := range []string{"first", "second"} {
		p.visit("/devices/d/modules/m")
		p.until(`document.querySelector('.events')?.textContent.includes('gelöscht')`)
		p.run(chromedp.Reload())
		p.until(`document.querySelector('.events')?.textContent.includes('gelöscht')`)
		s.patch(t, "d", "m", map[string]any{name: 1})
		p.until(cell(name, "desired") + ` === '1' && !` + cell("old", "desired"))
	}
	p.click("Gewünschte Eigenschaften bearbeiten")
	p.write(area, `{"first": 2, "second": 1}`)
	p.see(`{"first":2}`)
	p.click("Speichern")
	p.see("Gespeichert")
}

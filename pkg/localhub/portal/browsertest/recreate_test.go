package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"

	"moduletwin/pkg/iothub"
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
	p.expect("412") // if the page has not read the new ETag yet, it tries again
	p.click("Speichern")
	p.see("Gespeichert")
}

// TestKeysOfNewModule deletes a module and creates it again while its keys are
// shown. The old keys are neither shown nor copied any more.
func TestKeysOfNewModule(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	end := func(key iothub.Key) string { return key.Reveal()[len(key.Reveal())-9:] } // as failures print what they wait for
	old := end(s.hub.AddModule("d", "m").SharedAccessKey)
	p := open(t, s.address)
	p.expect("404")
	p.visit("/devices/d/modules/m")
	p.until(`document.querySelector('.events')?.textContent.includes('angelegt')`)
	p.click("Primärschlüssel – Anzeigen")
	p.see(old)
	s.recreate(t, "d", "m")
	p.gone(old)
	module, err := s.service.GetModule(t.Context(), "d", "m")
	if err != nil {
		t.Fatal(err)
	}
	p.see("Moduldetails")
	p.click("Primärschlüssel – Kopieren")
	p.see("Kopiert")
	fresh := module.Authentication.SymmetricKey.PrimaryKey
	if p.clipboard() != fresh.Reveal() {
		t.Error("another key was copied")
	}
	p.click("Primärschlüssel – Anzeigen")
	p.see(end(fresh))
}

package browsertest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
)

// views has addresses for every view, empty and full.
var views = []string{"/", "/devices", "/devices/myFirstDevice", "/devices/myFirstDevice/modules/myFirstModule", "/devices/empty", "/history", "/history?kind=groupRefused", "/faults", "/nowhere"}

// furnish gives the hub something to show.
func furnish(t *testing.T, s *scene) {
	t.Helper()
	client := dial(t, s.hub, s.hub.AddModule("myFirstDevice", "myFirstModule"))
	s.hub.AddModule("empty", "")
	s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122, "firmware": "2.4.1", "display": map[string]any{"brightness": 80, "unit": "celsius"}})
	if _, err := client.UpdateReported(t.Context(), map[string]any{"telemetryInterval": 122, "firmware": "2.3.9", "display": map[string]any{"brightness": 80}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.UpdateModuleTwin(t.Context(), "myFirstDevice", "myFirstModule", iothub.TwinPatch{Tags: map[string]any{"site": "Halle 3"}}, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.service.GetDevice(t.Context(), "nobody"); err == nil {
		t.Fatal("there is a device called nobody")
	}
}

// TestLanguages checks that each view is complete in both languages, and that
// the choice is remembered.
func TestLanguages(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	furnish(t, s)
	p := open(t, s.address)
	p.expect("404")
	for _, language := range []struct{ button, code, word string }{{"English", "en", "Devices"}, {"Deutsch", "de", "Geräte"}} {
		p.visit("/")
		p.click(language.button)
		p.see(language.word)
		for _, view := range views {
			p.visit(view)
			if code := value[string](p, `document.documentElement.lang`); code != language.code {
				t.Errorf("%s is marked as %q", view, code)
			}
			if text := value[string](p, `document.body.innerText`); strings.Contains(text, "undefined") || strings.Contains(text, "{") && strings.Contains(text, "n}") {
				t.Errorf("%s in %q has a gap:\n%s", view, language.code, text)
			}
			if language.code == "en" {
				if german := value[string](p, `document.body.innerText.match(/\b(der|die|das|und|nicht|Gerät|Schlüssel)\b/)?.[0] ?? ''`); german != "" {
					t.Errorf("%s in English says %q", view, german)
				}
			}
		}
	}
}

// TestWidths checks that nothing is wider than the window, from 360 pixels up.
func TestWidths(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	furnish(t, s)
	p := open(t, s.address)
	p.expect("404")
	for _, width := range []int64{360, 768, 1280} {
		p.resize(width, 800, "light")
		for _, view := range views {
			p.visit(view)
			if wide := value[int](p, `Math.max(...[document.documentElement, ...document.querySelectorAll('.card')].map(e => e.scrollWidth - e.clientWidth))`); wide > 0 {
				t.Errorf("%s is %d pixels too wide at %d", view, wide, width)
			}
		}
	}
}

// TestKeyboard changes a property without a mouse: from the top of the page,
// with Tab and Enter only.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	furnish(t, s)
	p := open(t, s.address)
	p.see("Wo stehe ich?")
	focused := `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').replace(/\s+/g, ' ').trim()`
	reach := func(name string) {
		t.Helper()
		for range 80 {
			p.press("\t")
			if value[string](p, focused) == name {
				if outline := value[string](p, `getComputedStyle(document.activeElement).outlineStyle`); outline == "none" {
					t.Errorf("%q has the focus, but nothing shows that", name)
				}
				return
			}
		}
		t.Fatalf("Tab never reaches %q", name)
	}
	reach("Zum Inhalt")
	p.press("\r")
	p.until(`document.activeElement.id === 'main'`)
	p.exec(`document.activeElement.blur()`)
	p.visit("/")
	reach("Geräte")
	p.press("\r")
	p.see("Gerät hinzufügen")
	reach("myFirstDevice")
	p.press("\r")
	p.see("Modulidentitäten")
	reach("myFirstModule")
	p.press("\r")
	p.see("Moduldetails")
	reach("display zuklappen")
	p.press("\r")
	p.until(`!document.querySelector('.tree').textContent.includes('brightness')`)
	p.press("\r")
	p.until(`document.querySelector('.tree').textContent.includes('brightness')`)
	p.visit("/devices/myFirstDevice/modules/myFirstModule")
	reach("Gewünschte Eigenschaften bearbeiten")
	p.press("\r")
	p.until(`document.activeElement.id === 'edit-desired'`)
	p.write("#edit-desired", `{"telemetryInterval": 5}`)
	p.see(`"telemetryInterval":5`)
	p.press("\t", "\r")
	p.see("Gespeichert")
	p.until(cell("telemetryInterval", "desired") + ` === '5'`)

	// A live change does not move the focus.
	reach("Tags bearbeiten")
	s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"another": true})
	p.until(cell("another", "desired") + ` === 'true'`)
	if name := value[string](p, focused); name != "Tags bearbeiten" {
		t.Errorf("the focus went to %q", name)
	}

	p.visit("/devices/empty")
	reach("Löschen")
	p.press("\r")
	p.until(`document.querySelector('dialog[open]')?.contains(document.activeElement)`)
	p.press("\u001b")
	p.until(`!document.querySelector('dialog[open]')`)
}

// TestAccessibility runs axe-core on every view, light and dark, wide and
// narrow, and on editor, conflict and dialog.
func TestAccessibility(t *testing.T) {
	t.Parallel()
	file := os.Getenv("PORTAL_AXE")
	if file == "" {
		t.Skip("PORTAL_AXE names no file with axe-core: setup.sh fetches it")
	}
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t)
	furnish(t, s)
	p := open(t, s.address)
	p.expect("404")
	p.expect("412")
	audit := func(what string) {
		t.Helper()
		p.exec(string(script))
		found := value[[]struct {
			ID    string
			Help  string
			Nodes []struct{ HTML, FailureSummary string }
		}](p, `axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`)
		for _, one := range found {
			t.Errorf("%s: %s: %s", what, one.ID, one.Help)
			for _, node := range one.Nodes[:min(3, len(one.Nodes))] {
				t.Logf("  %.300s\n  %s", node.HTML, node.FailureSummary)
			}
		}
	}
	still := `for (const a of document.getAnimations()) a.finish()`
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 360} {
			p.resize(width, 800, scheme)
			for _, view := range views {
				p.visit(view)
				p.until(`document.querySelector('.live')?.className === 'live live'`)
				p.exec(`try { ` + still + ` } catch {}`)
				audit(fmt.Sprintf("%s %s %d", view, scheme, width))
			}
		}
		p.visit("/devices/myFirstDevice")
		p.click("Löschen")
		audit("dialog " + scheme)
		p.visit("/devices/myFirstDevice/modules/myFirstModule")
		p.click("Versionen und Zeiten")
		p.click("Gewünschte Eigenschaften bearbeiten")
		p.write(area, `{"mine": true`)
		p.see("Hier fehlt noch etwas.")
		audit("problem " + scheme)
		p.write(area, `{"mine": "`+scheme+`"}`)
		p.see("Nur das wird gesendet")
		s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"theirs": scheme})
		p.see("inzwischen geändert")
		audit("stale " + scheme)
		p.click("Speichern")
		p.see("Jemand war schneller")
		audit("conflict " + scheme)
		p.click("Meine Fassung verwerfen")
	}
	stranger := open(t, p.base+"/")
	stranger.expect("401")
	stranger.see("Diese Seite zeigt Schlüssel.")
	p = stranger
	audit("door")
}

package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"moduletwin/pkg/iothub"
)

var back = chromedp.Evaluate[chromedp.Void](`history.back()`)

const area = "#edit-desired"

// TestEdit edits desired properties and tags: mistakes are shown while they are
// typed, and saved changes reach the module as a patch.
func TestEdit(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	module := s.hub.AddModule("d", "m")
	client := dial(t, s.hub, module)
	subscription, err := client.SubscribeDesired(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.patch(t, "d", "m", map[string]any{"keep": "me", "drop": true, "n": 1})
	p := open(t, s.address)
	p.visit("/devices/d/modules/m")
	p.click("Gewünschte Eigenschaften bearbeiten")
	p.until(`document.activeElement === document.querySelector('` + area + `')`)
	p.see("Noch nichts geändert.")
	for text, says := range map[string]string{
		"{\n  \"a\": 1,\n  \"b\" 2\n}":      "Zeile 3, Spalte 7: Das Zeichen „2“ gehört hier nicht hin.",
		`{"a": 1`:                           "Zeile 1, Spalte 8: Hier fehlt noch etwas.",
		`[1]`:                               "Es muss ein JSON-Objekt in geschweiften Klammern sein.",
		`{} {}`:                             "Nach der schließenden Klammer steht noch etwas.",
		`{"with space": 1}`:                 "Der Hub würde das ablehnen:",
		`{"big": 4503599627370496}`:         "out of range",
		`{"keep":"me","drop":true,"n":1}`:   "Noch nichts geändert.",
		`{"keep":"me","n":2,"ü":{"é":[1]}}`: `Nur das wird gesendet (Patch): {"drop":null,"n":2,"ü":{"é":[1]}}`,
	} {
		p.write(area, text)
		p.see(says)
		if wrong := value[bool](p, `document.querySelector('.editor .primary').disabled`); wrong == strings.HasPrefix(says, "Nur das wird gesendet") {
			t.Errorf("with %s, Speichern is disabled: %v", text, wrong)
		}
	}
	p.write(area, "{\n \"keep\": \"me\",\n \"n\": 2\n}")
	p.see(`{"drop":null,"n":2}`)
	p.press("\t") // moves to the button
	p.press("\r")
	p.see("Gespeichert")
	p.until(cell("n", "desired") + ` === '2'`)
	p.until(`document.activeElement.id === 'edit-desired-button'`)
	var last iothub.Properties
	for patch, err := range subscription.Patches() {
		if err != nil {
			t.Fatal(err)
		}
		if last = patch; patch.Version() == 3 {
			break
		}
	}
	if got := last.String(); got != `{"$version":3,"drop":null,"n":2}` {
		t.Errorf("the module got %s", got)
	}

	p.click("Tags bearbeiten")
	p.write("#edit-tags", `{"site": "Halle 3"}`)
	p.see(`{"site":"Halle 3"}`)
	p.click("Speichern")
	p.until(`document.querySelector('.tags')?.textContent.includes('Halle 3')`)
	if twin, _ := s.hub.Twin("d", "m"); twin.Tags["site"] != "Halle 3" {
		t.Errorf("the tags are %v", twin.Tags)
	}
}

// TestConflict has somebody else save during an edit. Neither change is lost.
func TestConflict(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.hub.AddModule("d", "m")
	s.patch(t, "d", "m", map[string]any{"a": 1, "b": 1})
	p := open(t, s.address)
	p.expect("412") // the hub's answer to the attempt
	p.visit("/devices/d/modules/m")
	p.click("Gewünschte Eigenschaften bearbeiten")
	p.write(area, `{"a": 2, "b": 1}`)
	p.see(`{"a":2}`)
	s.patch(t, "d", "m", map[string]any{"b": 2})
	p.see("Der Zwilling wurde inzwischen geändert.")
	p.click("Speichern")
	p.see("Jemand war schneller")
	for _, expression := range []string{
		`document.querySelector('` + area + `').value === '{"a": 2, "b": 1}'`,
		`document.querySelector('.editor pre').textContent.includes('"b": 2')`,
		`document.querySelector('.editor mark').textContent.includes('"b": 2')`,
	} {
		if !value[bool](p, expression) {
			t.Errorf("not true: %s", expression)
		}
	}

	// The draft survives leaving the page, and even loading it again.
	p.click("Übersicht")
	p.see("SAS-Richtlinien")
	p.visit("/devices/d/modules/m")
	p.see("Jemand war schneller")
	p.click("Meine Änderungen auf den neuen Stand übertragen")
	p.see(`Nur das wird gesendet (Patch): {"a":2}`)
	p.click("Speichern")
	p.see("Gespeichert")
	twin, _ := s.hub.Twin("d", "m")
	if got := twin.Properties.Desired.UserProperties(); got["a"] != 2.0 || got["b"] != 2.0 {
		t.Errorf("the desired properties are %v", got)
	}

	// The user may continue with their own version, or give it up.
	for _, row := range []struct {
		choice string
		mine   string
		save   bool
		want   float64
	}{
		{"Mit meiner Fassung weiterarbeiten", `{"a":3,"b":3}`, true, 3},
		{"Meine Fassung verwerfen", `{"a":4,"b":4}`, false, 5},
	} {
		p.click("Gewünschte Eigenschaften bearbeiten")
		p.write(area, row.mine)
		p.see(`Nur das wird gesendet`)
		s.patch(t, "d", "m", map[string]any{"a": 5, "b": 5})
		p.see("inzwischen geändert")
		p.click("Beide Fassungen vergleichen")
		p.click(row.choice)
		if row.save {
			p.see(`Nur das wird gesendet (Patch): ` + row.mine)
			p.click("Speichern")
		}
		p.until(`!document.querySelector('.editor')`)
		twin, _ := s.hub.Twin("d", "m")
		if got := twin.Properties.Desired.UserProperties(); got["a"] != row.want {
			t.Errorf("%s: the desired properties are %v", row.choice, got)
		}
		p.until(cell("a", "desired") + ` === '` + map[float64]string{3: "3", 5: "5"}[row.want] + `'`)
	}
}

// TestIdentities adds, disables and deletes identities.
func TestIdentities(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := open(t, s.address)
	p.expect("409")
	p.visit("/devices")
	p.see("Noch kein Gerät")
	p.click("Gerät hinzufügen")
	p.write("#addDevice-id", "thermostat")
	p.press("\r")
	p.see("thermostat ist angelegt.")
	p.click("Modulidentität hinzufügen")
	p.write("#addModule-id", "sensor")
	p.click("Erstellen")
	p.see("Moduldetails")
	p.click("thermostat")
	p.click("Modulidentität hinzufügen")
	p.write("#addModule-id", "sensor")
	p.click("Erstellen")
	p.see("Das hat nicht geklappt.")
	p.click("Deaktivieren")
	p.see("Deaktiviert")
	if device, err := s.service.GetDevice(t.Context(), "thermostat"); err != nil || device.Status != "disabled" {
		t.Errorf("the device is %q, %v", device.Status, err)
	}
	p.click("Aktivieren")
	p.see("Aktiviert")
	p.click("Löschen")
	p.see("Gerät thermostat löschen?")
	p.until(`document.querySelector('dialog[open] .doomed').textContent === 'sensor'`)
	p.click("Abbrechen")
	p.until(`!document.querySelector('dialog[open]')`)
	if _, err := s.service.GetDevice(t.Context(), "thermostat"); err != nil {
		t.Fatal(err)
	}
	p.click("Löschen")
	p.click("Löschen")
	p.see("thermostat ist gelöscht.")
	p.see("Noch kein Gerät")
	if _, found := s.hub.Twin("thermostat", "sensor"); found {
		t.Error("the module is still there")
	}

	// The page also shows what others do.
	s.hub.AddModule("other", "m")
	p.see("other")
	p.visit("/devices/other/modules/m")
	p.expect("404")
	if err := s.service.DeleteModule(t.Context(), "other", "m", ""); err != nil {
		t.Fatal(err)
	}
	p.see("m gibt es nicht")
	s.hub.AddModule("other", "m")
	p.see("Moduldetails")
}

// TestOwnETag changes one section of a twin while the other is edited, and the
// same section before it is edited. Neither is a conflict.
func TestOwnETag(t *testing.T) {
	t.Parallel()
	s, p := openModule(t)
	p.see("Live")
	s.patch(t, "d", "m", map[string]any{"a": 1})
	p.until(cell("a", "desired") + ` === '1'`)
	twin, _ := s.hub.Twin("d", "m")
	p.click("Ganzes JSON")
	p.until(`document.querySelector('.json pre').textContent.includes(` + quote(quote(twin.ETag)) + `)`)

	p.click("Gewünschte Eigenschaften bearbeiten")
	p.write(area, `{"a": 2}`)
	p.see(`{"a":2}`)
	p.click("Tags bearbeiten")
	p.write("#edit-tags", `{"site": 1}`)
	p.see(`{"site":1}`)
	p.exec(`[...document.querySelectorAll('.editor .primary')].at(-1).click()`)
	p.until(`document.querySelector('.tags')?.textContent.includes('site')`)
	p.expect("412") // the hub's answer to the first attempt
	p.click("Speichern")
	p.until(cell("a", "desired") + ` === '2'`)
	p.until(`!document.querySelector('.editor')`)
}

// TestUnusualPatches shows a change without content, which only raises the
// version, and one whose patch is so large that the event leaves it out.
func TestUnusualPatches(t *testing.T) {
	t.Parallel()
	s, p := openModule(t)
	p.see("Live")
	s.patch(t, "d", "m", map[string]any{})
	p.see("Version 2")
	large := map[string]any{"a": 1}
	for i := range 10_000 {
		large[fmt.Sprintf("removed%d", i)] = nil
	}
	s.patch(t, "d", "m", large)
	p.until(cell("a", "desired") + ` === '1'`)
}

// TestDuringSave discards an edit and types while it is being saved.
func TestDuringSave(t *testing.T) {
	t.Parallel()
	s, p := openModule(t)
	p.expect("412")
	p.see("Live")
	// The page waits for the answer to a save until the test lets it go on.
	p.exec(`const fetched = window.fetch;
		window.fetch = async (address, options) => {
			const response = await fetched(address, options);
			if (options.method === 'PATCH') { await new Promise(done => { window.goOn = done; }); }
			return response;
		}`)
	save := func(text string) {
		t.Helper()
		p.click("Gewünschte Eigenschaften bearbeiten")
		p.write(area, text)
		p.see("Nur das wird gesendet")
		s.patch(t, "d", "m", map[string]any{"other": text}) // so that there is a conflict
		p.see("inzwischen geändert")
		p.exec(`window.goOn = null`)
		p.click("Speichern")
		p.until(`window.goOn`)
	}
	save(`{"a": 1}`)
	p.click("Verwerfen")
	p.until(`!document.querySelector('.editor')`)
	p.exec(`goOn()`)

	save(`{"a": 2}`)
	p.write(area, `{"a": 3}`) // has no effect
	p.exec(`goOn()`)
	p.see("Jemand war schneller")
	p.visit("/devices/d/modules/m")
	p.until(`document.querySelector('` + area + `').value === '{"a": 2}'`)
	p.click("Meine Änderungen auf den neuen Stand übertragen")
	p.see(`{"a":2,"other":null}`)
	p.click("Speichern")
	p.until(cell("a", "desired") + ` === '2'`)
}

// TestJump clicks on the place of a mistake, which selects the character there,
// also one that JavaScript counts twice.
func TestJump(t *testing.T) {
	t.Parallel()
	_, p := openModule(t)
	p.click("Gewünschte Eigenschaften bearbeiten")
	for _, row := range []struct{ text, place, selected string }{
		{"{\n\"😀😀\": x}", "Zeile 2, Spalte 7:", "x"},
		{`{"a": 😀}`, "Zeile 1, Spalte 7:", "😀"},
	} {
		p.write(area, row.text)
		p.click(row.place)
		selected := `(area => area.value.slice(area.selectionStart, area.selectionEnd))(document.querySelector('` + area + `'))`
		if got := value[string](p, selected); got != row.selected {
			t.Errorf("in %s, %q is selected", row.text, got)
		}
	}
}

package browsertest

import (
	"strings"
	"testing"

	"moduletwin/pkg/iothub"
)

// TestTutorial follows the tutorial from the start to the reported half of the
// twin, with the page open.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := open(t, s.address)
	p.see("Wo stehe ich?")
	if address := value[string](p, `location.href`); strings.Contains(address, "token") {
		t.Errorf("the address bar shows %s", address)
	}

	// The first prompt: the connection string of the policy, and createmodule.
	p.see("bin/createmodule")
	p.click("Zeile für bash – Kopieren")
	p.heard("Zeile für bash kopiert")
	want := `export IOTHUB_CONNECTION_STRING="` + text(s.hub.ConnectionString("serviceAndRegistryReadWrite")) + `"`
	if got := p.clipboard(); got != want {
		t.Error("the copied line is wrong")
	}
	if _, err := s.service.CreateDevice(t.Context(), iothub.Device{DeviceID: "myFirstDevice"}); err != nil {
		t.Fatal(err)
	}
	module, err := s.service.CreateModule(t.Context(), iothub.Module{DeviceID: "myFirstDevice", ModuleID: "myFirstModule"})
	if err != nil {
		t.Fatal(err)
	}
	p.see("bin/receivemoduletwinpatch")

	// Moduldetails: the module's connection string.
	p.click("Geräte")
	p.heard("Geräte – Lokaler IoT-Hub")
	p.click("myFirstDevice")
	p.click("myFirstModule")
	p.see("Noch nie verbunden")
	if address := value[string](p, `location.pathname`); address != "/devices/myFirstDevice/modules/myFirstModule" {
		t.Errorf("the address is %s", address)
	}
	p.click("Verbindungszeichenfolge (Primärschlüssel) – Kopieren")
	p.see("Kopiert")
	copied, err := iothub.ParseConnectionString(p.clipboard())
	if err != nil || text(copied) != text(module.ConnectionString(s.hub.HostName())) {
		t.Fatalf("the copied string is wrong: %v", err)
	}
	client := dial(t, s.hub, copied)
	p.see("Verbunden")

	// updatemoduletwin, and the answer of the module.
	s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122})
	p.until(cell("telemetryInterval", "desired") + ` === '122'`)
	p.until(`document.querySelector('.tree td.desired').className.includes('lit')`)
	p.heard("telemetryInterval ist jetzt 122")
	if _, err := client.UpdateReported(t.Context(), map[string]any{"telemetryInterval": 60}); err != nil {
		t.Fatal(err)
	}
	p.until(cell("telemetryInterval", "reported") + ` === '60'`)
	p.see("1 abweichend")
	s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 60})
	p.gone("abweichend")
	p.until(`!document.querySelector('[class*=lit]')`)

	p.click("Versionen und Zeiten")
	p.see("60 Version 3 ·")
	p.click("Übersicht")
	p.see("Alles geschafft.")
}

// text returns a connection string with its key, to compare it.
func text(c iothub.ConnectionString) string { return c.Reveal() }

// TestSecrets checks that a key is not on the page before somebody asks for it,
// and is gone after the view was left.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s, p := openModule(t)
	module := s.hub.AddModule("d", "m")                                // it exists already
	key := module.Reveal()[strings.LastIndex(module.Reveal(), "=")-8:] // the end of the key
	contains := `document.documentElement.outerHTML.includes(` + quote(key) + `)`
	if value[bool](p, contains) {
		t.Error("the key is on the page although nobody asked")
	}
	p.click("Primärschlüssel – Anzeigen")
	p.until(contains)
	p.click("Primärschlüssel – Verbergen")
	p.until(`!` + contains)
	p.click("Verbindungszeichenfolge (Primärschlüssel) – Anzeigen")
	p.until(contains)
	p.click("Übersicht")
	p.see("SAS-Richtlinien")
	p.run(back)
	p.see("Moduldetails")
	if value[bool](p, contains) {
		t.Error("the key is still shown")
	}

	p.visit("/")
	for _, policy := range []string{"service", "iothubowner"} {
		p.click(policyLine(p, policy))
	}
	p.see("Dienstverbindung")
	p.click("PowerShell")
	p.see(`$env:IOTHUB_CONNECTION_STRING = "HostName=`)
	p.click("cmd")
	p.see(`set "IOTHUB_CONNECTION_STRING=HostName=`)
}

func policyLine(p *page, name string) string {
	return value[string](p, `[...document.querySelectorAll('.policy summary')].find(e => e.querySelector('.name').textContent === `+quote(name)+`).textContent.replace(/\s+/g, ' ').trim()`)
}

// TestNoClipboard copies where the browser does not permit it, as over HTTP from
// another machine. The text is selected, so that the user can copy it.
func TestNoClipboard(t *testing.T) {
	t.Parallel()
	s, p := openModule(t)
	module := s.hub.AddModule("d", "m") // it exists already
	p.until(`document.querySelector('.events')?.textContent.includes('angelegt')`)
	p.exec(`Object.defineProperty(navigator, 'clipboard', { value: undefined })`)
	for name, want := range map[string]string{
		"Primärschlüssel – Kopieren":                           module.SharedAccessKey.Reveal(),
		"Verbindungszeichenfolge (Primärschlüssel) – Kopieren": module.Reveal(),
		"Zeile für bash – Kopieren":                            `export IOTHUB_MODULE_CONNECTION_STRING="` + module.Reveal() + `"`,
		"bin/receivemoduletwinpatch – Kopieren":                "bin/receivemoduletwinpatch",
	} {
		p.exec(`getSelection().empty()`)
		p.click(name)
		p.see("Der Browser erlaubt das Kopieren nicht.")
		p.until(`!getSelection().isCollapsed`)
		s.patch(t, "d", "m", map[string]any{"draw": want[:3]}) // a change elsewhere on the page
		p.until(cell("draw", "desired") + ` === ` + quote(quote(want[:3])))
		if value[string](p, `getSelection().toString().trim()`) != want {
			t.Errorf("%s: something else is selected", name)
		}
	}
}

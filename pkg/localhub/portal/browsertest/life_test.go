package browsertest

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestFaults triggers each fault and watches how the module reacts.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	dial(t, s.hub, s.hub.AddModule("d", "m"))
	p := open(t, s.address)
	p.visit("/faults")
	p.see("Zurzeit ist nichts gestört.")
	signIns := func(n int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		back := func(c localhub.ConnectionState) bool { return c.Subscribed && c.SignIns >= n }
		if _, err := s.hub.WaitConnection(ctx, "d", "m", back); err != nil {
			t.Fatal(err)
		}
		p.until(`document.querySelector('.events').textContent.includes('hat sich angemeldet')`)
	}
	p.click("Trennen – Auslösen")
	p.see("Trennen: erledigt")
	signIns(2)
	p.click("Ablaufen lassen – Auslösen")
	signIns(3)
	p.click("Aussperren – Auslösen")
	p.see("Geräte und Module werden nicht eingelassen.")
	p.see("d/m ist getrennt")
	p.click("Aufheben")
	p.see("Zurzeit ist nichts gestört.")
	signIns(4)
	p.exec(`const n = document.querySelector('select[aria-label="Anzahl"]'); n.value = '1'; n.dispatchEvent(new Event('change'))`)
	p.click("Drosseln – Auslösen")
	p.see("Anfragen über HTTPS werden gedrosselt, noch 1-mal.")
	if _, err := s.service.GetDevice(t.Context(), "d"); err != nil { // tries again
		t.Fatal(err)
	}
	p.see("Zurzeit ist nichts gestört.")
	p.click("Vergessen – Auslösen")
	p.click("Abweisen – Auslösen")
	p.see("Der Port ist geschlossen, noch 10 s")
	p.click("Aufheben")
	p.see("Zurzeit ist nichts gestört.")
	p.until(`document.querySelector('.events li').textContent.includes('abonniert')`)
}

// TestRestart ends the hub while somebody watches, and starts it again: the
// page says so, reconnects by itself and shows the current state.
func TestRestart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first := run(t, folder, "localhost:0", "127.0.0.1:0")
	first.hub.AddModule("d", "m")
	p := open(t, first.address)
	p.expect("ERR_CONNECTION_REFUSED")
	p.expect("ERR_INCOMPLETE_CHUNKED_ENCODING")
	p.expect("ERR_EMPTY_RESPONSE")
	p.expect("ERR_CONNECTION_RESET")
	p.visit("/devices/d/modules/m")
	p.see("Live")
	hubAddress := first.hub.HostName()
	address, _, _ := strings.Cut(strings.TrimPrefix(first.address, "http://"), "/")
	first.stop()
	p.see("Der Hub ist nicht erreichbar.")
	p.click("Übersicht") // shows nothing new, breaks nothing
	p.run(back)

	second := run(t, folder, hubAddress, address)
	defer func() { second.stop() }()
	if second.address != first.address {
		t.Error("the token has changed: bookmarks are lost")
	}
	p.see("Live")
	p.gone("Der Hub ist nicht erreichbar.")
	p.see("Moduldetails")
	if _, err := second.hub.PatchDesired("d", "m", map[string]any{"after": true}); err != nil {
		t.Fatal(err)
	}
	p.until(cell("after", "desired") + ` === 'true'`)
	p.click("Verlauf")
	p.see("Der Hub wurde neu gestartet")
	second.stop()
	p.see("Der Hub ist nicht erreichbar.")

	// A hub with a new data folder has another token.
	p.expect("401")
	second = run(t, t.TempDir(), hubAddress, address)
	p.see("Der Hub hat neue Schlüssel.")
}

// TestFlood makes more happen than can be shown, and then breaks the stream. In
// the end, the page shows the current state.
func TestFlood(t *testing.T) {
	t.Parallel()
	s, p := openModule(t)
	p.expect("ERR_INCOMPLETE_CHUNKED_ENCODING")
	p.see("Live")
	const n = 5000
	for i := range n {
		if _, err := s.hub.PatchDesired("d", "m", map[string]any{"i": i}); err != nil {
			t.Fatal(err)
		}
	}
	p.until(cell("i", "desired") + ` === '` + strconv.Itoa(n-1) + `'`)
	s.server.CloseClientConnections()
	if _, err := s.hub.PatchDesired("d", "m", map[string]any{"i": "away"}); err != nil {
		t.Fatal(err)
	}
	p.until(cell("i", "desired") + ` === '"away"'`)
	p.see("Live")
}

// TestAddresses checks that each view has its own address, which can be opened
// directly, and that the back button works.
func TestAddresses(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.hub.AddModule("d", "m")
	p := open(t, s.address)
	p.expect("404")
	for path, says := range map[string]string{
		"/":                             "Wo stehe ich?",
		"/devices?search=D":             "d",
		"/devices?search=nobody":        "Kein Gerät mit „nobody“ in der ID.",
		"/devices/d":                    "Modulidentitäten",
		"/devices/d/modules/m":          "Moduldetails",
		"/history?kind=groupRefused":    "Hier ist bisher nichts geschehen.",
		"/history?about=d%2Fm":          "d/m angelegt",
		"/faults":                       "Trennen",
		"/devices/nobody":               "nobody gibt es nicht",
		"/devices/d/modules/nobody":     "nobody gibt es nicht",
		"/nowhere":                      "Diese Seite gibt es nicht",
		"/constructor":                  "Diese Seite gibt es nicht",
		"/__proto__":                    "Diese Seite gibt es nicht",
		"/history?kind=constructor":     "angelegt",
		"/devices/d/modules/m/and/more": "Diese Seite gibt es nicht",
	} {
		p.run(chromedp.Navigate(p.base + path))
		p.see(says)
	}
	p.visit("/devices")
	p.click("d")
	p.see("Modulidentitäten")
	p.click("m")
	p.see("Moduldetails")
	p.run(back)
	p.see("Modulidentitäten")
	p.run(back)
	p.see("Gerät hinzufügen")
	p.write(`input[type=search]`, "nobody")
	p.see("Kein Gerät")
	p.until(`location.search === '?search=nobody'`)

	// A link with the token works from another site, although the browser does
	// not send the cookie at first.
	stranger := open(t, "data:text/html,<a href='"+s.address+"'>portal</a>")
	stranger.run(chromedp.Click(chromedp.CSS("a")))
	stranger.see("Wo stehe ich?")
	stranger.run(chromedp.Navigate("data:text/html,<a href='" + p.base + "/devices/d'>portal</a>"))
	stranger.run(chromedp.Click(chromedp.CSS("a")))
	stranger.see("Modulidentitäten")

	// Without the token, the page asks for it.
	stranger = open(t, p.base+"/devices/d")
	stranger.expect("401")
	stranger.see("Diese Seite zeigt Schlüssel.")
	stranger.write("#token", "wrong")
	stranger.press("\r")
	stranger.see("Das ist nicht die Adresse dieses Hubs.")
	stranger.write("#token", s.address)
	stranger.press("\r")
	stranger.see("Modulidentitäten")
}

// TestHostile uses the names and values that an attacker would choose.
func TestHostile(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	devices := []string{"..", ".", "%2e%2e", "%", "'$(reboot)!'", "a#b?c=d;e@f:g", "__proto__", "constructor", "*", "~x"[1:]}
	values := map[string]any{
		"__proto__":                    map[string]any{"polluted": "yes"},
		"constructor":                  map[string]any{"prototype": map[string]any{"polluted": true}},
		"toString":                     "x",
		"<img/src=x/onerror=alert(1)>": "</script><script>alert(2)</script>",
		"\"'&amp;":                     "\u202egnp.exe",
		"key":                          "javascript:alert(3)",
		"long":                         strings.Repeat("W", 4000),
		"deep":                         map[string]any{"a": map[string]any{"b": map[string]any{"c": map[string]any{"d": map[string]any{"e": map[string]any{"f": 1}}}}}},
		"empty":                        map[string]any{},
		"list":                         []any{map[string]any{"<b>": "<i>"}, []any{}},
	}
	p := open(t, s.address)
	p.exec(`addEventListener('error', e => { document.title = 'error'; })`)
	for _, device := range devices {
		s.hub.AddModule(device, device)
		if _, err := s.hub.PatchDesired(device, device, values); err != nil {
			t.Fatal(err)
		}
	}
	p.click("Geräte")
	p.see("a#b?c=d;e@f:g")
	for _, device := range devices {
		p.click("Geräte")
		p.click(device)
		p.until(`document.querySelector('h1.id')?.textContent === ` + quote(device) + ` && document.querySelector('.list')`)
		p.run(chromedp.Click(chromedp.CSS(`.list tbody a`)))
		p.until(`document.querySelector('.tree')`)
		p.run(chromedp.Reload())
		p.until(`document.querySelector('.tree') && document.querySelector('h1.id').textContent === ` + quote(device))
		s.hub.PatchDesired(device, device, map[string]any{"__proto__": map[string]any{"polluted": "again"}, "<b>": "<b>"})
		p.until(cell("polluted", "desired") + ` === '"again"'`)
		p.until(cell("<b>", "desired") + ` === '"<b>"'`)
	}
	if value[bool](p, `({}).polluted !== undefined || document.querySelector('main img, main script, main b b') !== null`) {
		t.Error("a value was interpreted as markup or code")
	}
	if wide := value[int](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("a long value makes the page %d pixels too wide", wide)
	}

	// The reason of a refusal contains markup.
	p.visit("/history")
	if _, err := s.service.GetDevice(t.Context(), "*"); err != nil {
		t.Fatal(err)
	}
	_, err := s.service.UpdateModuleTwin(t.Context(), "*", "*", iothub.TwinPatch{Desired: map[string]any{"<img src=x onerror=alert(4)>": 1}}, "")
	if err == nil {
		t.Error("the hub accepted a name with spaces")
	}
	p.see("<img src=x onerror=alert(4)>")
	if value[bool](p, `document.querySelector('main img') !== null`) {
		t.Error("a reason was interpreted as markup")
	}
}

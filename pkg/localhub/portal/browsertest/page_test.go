package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what it expects to see.
const patience = 20 * time.Second

// page is a tab that shows the portal.
type page struct {
	t    *testing.T
	ctx  context.Context
	base string // "http://localhost:8880"

	mu       sync.Mutex // guards the rest
	errors   []string
	expected []string // parts of errors that the test provokes
}

// open opens an address of the form that [portal.Portal.URL] returns, in a
// fresh profile. When the test ends, there must have been no unexpected errors
// in the browser.
func open(t *testing.T, address string) *page {
	t.Helper()
	base, _, _ := strings.Cut(address, "/?")
	p := &page{t: t, base: base}
	ctx, cancel := chromedp.NewContext(browserFor(t), chromedp.WithNewBrowserContext(), chromedp.WithListener(p.notice))
	t.Cleanup(cancel)
	p.ctx = ctx
	if err := chromedp.Do(ctx); err != nil { // opens the tab, which ends with the context of its first action
		t.Fatal(err)
	}
	p.run(command(log.Enable, cdp.Empty{}), command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		chromedp.EmulateViewport(1280, 900), allowClipboard, chromedp.Navigate(address))
	t.Cleanup(p.check)
	return p
}

// command is an action of the protocol whose result does not matter.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// allowClipboard lets the tests read what was copied.
var allowClipboard = chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission:       &browser.PermissionDescriptor{Name: name},
			Setting:          browser.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
		}); err != nil {
			return err
		}
	}
	return nil
})

func (p *page) notice(message any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch message := message.(type) {
	case *log.EventEntryAdded:
		if message.Entry.Level == log.EntryLevelError || message.Entry.Level == log.EntryLevelWarning {
			p.errors = append(p.errors, message.Entry.Text+" "+message.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		p.errors = append(p.errors, fmt.Sprintf("console.%s: %s", message.Type, message.Args[0].Value))
	case *runtime.EventExceptionThrown:
		p.errors = append(p.errors, message.ExceptionDetails.Text+" "+message.ExceptionDetails.Exception.Description)
	}
}

// expect allows browser errors that contain part, because the test itself
// provokes them.
func (p *page) expect(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, part)
}

func (p *page) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
next:
	for _, text := range p.errors {
		for _, part := range p.expected {
			if strings.Contains(text, part) {
				continue next
			}
		}
		p.t.Errorf("in the browser: %s", text)
	}
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.fail(err)
	}
}

func (p *page) fail(err error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + '\n' + (document.querySelector('.editor, dialog[open]') ?? document.querySelector('main') ?? document.body).innerText.slice(0, 2000)`))
	p.t.Fatalf("%v; the page says:\n%s", err, text)
}

// exec runs JavaScript.
func (p *page) exec(script string) {
	p.t.Helper()
	p.run(chromedp.Evaluate[chromedp.Void](script))
}

// openModule starts a hub with a new module, d/m, and opens its page.
func openModule(t *testing.T) (*scene, *page) {
	t.Helper()
	s := newScene(t)
	s.hub.AddModule("d", "m")
	p := open(t, s.address)
	p.visit("/devices/d/modules/m")
	return s, p
}

// visit opens a path of the portal directly, like a bookmark.
func (p *page) visit(path string) {
	p.t.Helper()
	p.run(chromedp.Navigate(p.base + path))
	p.until(`document.querySelector('.view, .empty')`)
}

// until waits for a JavaScript expression to become true, even across page
// loads.
func (p *page) until(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	look := `new Promise(done => {
		const look = () => {
			let found = false;
			try { found = Boolean(` + expression + `); } catch {}
			found ? done(true) : setTimeout(look, 5);
		};
		look();
	})`
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](look, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			p.fail(fmt.Errorf("waited in vain for %s", expression))
		}
	}
}

// value evaluates a JavaScript expression.
func value[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail(err)
	}
	return result
}

func quote(text string) string {
	b, _ := json.Marshal(text) // never fails
	return string(b)
}

// shown is a JavaScript expression for all visible text.
const shown = `(document.getElementById('page') ?? document.body).innerText.replace(/\s+/g, ' ')`

// see waits for a text anywhere on the page.
func (p *page) see(text string) {
	p.t.Helper()
	p.until(shown + `.includes(` + quote(text) + `)`)
}

// gone waits for a text to disappear.
func (p *page) gone(text string) {
	p.t.Helper()
	p.until(`!` + shown + `.includes(` + quote(text) + `)`)
}

// heard waits for a text to be announced to screen readers.
func (p *page) heard(text string) {
	p.t.Helper()
	p.until(`document.getElementById('status').textContent.includes(` + quote(text) + `)`)
}

// named is a JavaScript expression for the visible control with the given name.
func named(name string) string {
	return `[...document.querySelectorAll('button, a, summary, select, input, textarea')].find(e => e.checkVisibility() && !e.disabled &&
		(!document.querySelector('dialog[open]') || e.closest('dialog[open]')) &&
		(e.getAttribute('aria-label') ?? (e.labels?.length ? e.labels[0] : e).textContent).replace(/\s+/g, ' ').trim() === ` + quote(name) + `)`
}

// click clicks the control with the given name, like a mouse.
func (p *page) click(name string) {
	p.t.Helper()
	p.until(named(name) + ` != null`)
	p.run(chromedp.Click(chromedp.JSPath(named(name))))
}

// write replaces the text of a field.
func (p *page) write(selector, text string) {
	p.t.Helper()
	p.run(chromedp.Focus(chromedp.CSS(selector)))
	p.exec(`document.activeElement.select(); document.execCommand('insertText', false, ` + quote(text) + `)`)
}

// press presses keys, one after the other.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.run(chromedp.KeyEvent(key))
	}
}

// clipboard returns what was copied.
func (p *page) clipboard() string {
	p.t.Helper()
	return value[string](p, `navigator.clipboard.readText()`)
}

// cell is a JavaScript expression for the text of a property in one half of the
// twin, "desired" or "reported".
func cell(name, half string) string {
	return `[...document.querySelectorAll('.tree tbody tr')].find(row => row.querySelector('.name').textContent === ` + quote(name) + `)?.querySelector('td.` + half + ` code')?.textContent`
}

// resize sets the size of the window and the color scheme, light or dark.
func (p *page) resize(width, height int64, scheme string) {
	p.t.Helper()
	p.run(chromedp.EmulateViewport(width, height),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
}

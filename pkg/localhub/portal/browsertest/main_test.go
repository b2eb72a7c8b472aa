package browsertest

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// chrome is the one browser of all tests. Each test has its own profile in it.
var chrome struct {
	sync.Mutex
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chrome.stop != nil {
		chrome.stop()
	}
	os.Exit(code)
}

// browserFor returns the browser's context. It starts the browser if needed.
func browserFor(t *testing.T) context.Context {
	t.Helper()
	chrome.Lock()
	defer chrome.Unlock()
	if chrome.ctx == nil && chrome.err == nil {
		program, required := os.LookupEnv("PORTAL_BROWSER")
		if !required {
			if program = installed(); program == "" {
				t.Skip("no browser is installed: on Debian and Ubuntu, apt-get install chromium")
			}
		}
		chrome.ctx, chrome.stop, chrome.err = start(program)
	}
	if chrome.err != nil {
		t.Fatalf("start the browser: %v", chrome.err)
	}
	return chrome.ctx
}

func installed() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

func start(program string) (context.Context, func(), error) {
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(program), chromedp.Headless, chromedp.NoFirstRun, chromedp.DisableGPU}
	for _, flag := range []string{"disable-background-networking", "disable-component-update", "disable-quic", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, nil, err
	}
	return ctx, func() { cancel(); stop() }, nil
}

package browsertest

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestFigures measures how long a viewer waits. The limits are generous enough
// for a busy machine; the printed figures are what matters.
func TestFigures(t *testing.T) {
	t.Run("first view", func(t *testing.T) {
		s := newScene(t)
		furnish(t, s)
		p := open(t, s.address)
		var times []float64
		for range 20 {
			p.visit("/devices/myFirstDevice/modules/myFirstModule")
			p.until(`document.querySelector('.tree')`)
			times = append(times, value[float64](p, `performance.getEntriesByName('first-view')[0].startTime`))
		}
		report(t, "from the address to the module's twin", times, 100, 1000)
	})
	t.Run("patch", func(t *testing.T) {
		s := newScene(t)
		furnish(t, s)
		p := open(t, s.address)
		p.visit("/devices/myFirstDevice/modules/myFirstModule")
		p.see("Live")
		var times []float64
		for n := range 60 {
			shown := make(chan float64)
			go func() {
				shown <- value[float64](p, fmt.Sprintf(`new Promise(done => { const look = () => %s === '%d' ? done(Date.now()) : requestAnimationFrame(look); look(); })`, cell("n", "desired"), n))
			}()
			s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"n": n})
			acknowledged := float64(time.Now().UnixMicro()) / 1000
			times = append(times, <-shown-acknowledged)
		}
		report(t, "from the acknowledgement of a patch to the frame that shows it", times, 50, 500)
	})
	t.Run("many devices", func(t *testing.T) {
		s := newScene(t)
		for n := range 1000 {
			s.hub.AddModule(fmt.Sprintf("device-%04d", n), "m")
		}
		p := open(t, s.address)
		p.visit("/devices")
		p.see("device-0999")
		times := value[[]float64](p, `new Promise(done => {
			const times = [];
			let last, at = 0;
			const step = now => {
				if (last) times.push(now - last);
				last = now;
				scrollTo(0, at += 200);
				at < document.documentElement.scrollHeight ? requestAnimationFrame(step) : done(times);
			};
			requestAnimationFrame(step);
		})`)
		report(t, "between two frames while 1,000 devices scroll", times, 17, 200)
	})
}

// report prints the median and the 95th percentile, and fails if the median is
// over the limit, which even a busy machine can keep.
func report(t *testing.T, what string, milliseconds []float64, wanted, limit float64) {
	t.Helper()
	slices.Sort(milliseconds)
	n := len(milliseconds)
	median, slow := milliseconds[n/2], milliseconds[n*95/100]
	t.Logf("%s: median %.1f ms, 95%% within %.1f ms (wanted: %.0f ms; %d times)", what, median, slow, wanted, n)
	if median > limit {
		t.Errorf("that is more than %.0f ms", limit)
	}
}

package sdktest

import (
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// miss is something that the SDKs of a language are known not to do, or to do
// wrong with Azure as well.
type miss struct {
	language  string
	over      string   // the transport, if it concerns only one
	failure   string   // part of the first failure that it causes
	scenarios []string // the names of its scenarios; "*" stands for a word or two
	reason    string   // with a source
}

func (m miss) concerns(s scenario) bool {
	return slices.ContainsFunc(m.scenarios, func(pattern string) bool {
		matched, _ := path.Match(pattern, s.name)
		return matched
	})
}

// expect plays a scenario. If a miss is expected, it has to occur: an SDK that
// was fixed has to leave the table of misses.
func (j *judge) expect(t *testing.T, s scenario) {
	t.Helper()
	seen := failures(t, func(t testing.TB) { s.play(t, j) })
	switch m := j.missOf(s); {
	case m == nil:
		for _, failure := range seen {
			t.Error(failure)
		}
	case seen == nil:
		t.Errorf("an expected miss did not occur: %s", m.reason)
	case !strings.Contains(seen[0], m.failure):
		t.Errorf("%s; expected: %s", strings.Join(seen, "; "), m.failure)
	default:
		t.Skipf("expected miss: %s (%s)", m.reason, seen[0])
	}
}

// missOf returns the miss that is expected in a scenario, or nil.
func (j *judge) missOf(s scenario) *miss {
	for i, m := range misses {
		if m.language == j.name && (m.over == "" || m.over == j.transport) && m.concerns(s) {
			return &misses[i]
		}
	}
	return nil
}

// failures plays a scenario until it ends or cannot continue, and returns its
// failures.
func failures(t testing.TB, play func(testing.TB)) []string {
	r := &recorder{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		play(r)
	}()
	<-ended
	return r.failures
}

// recorder is a testing.TB that records failures instead of failing.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Error(a ...any) {
	r.failures = append(r.failures, strings.TrimSpace(fmt.Sprintln(a...)))
}

func (r *recorder) Errorf(format string, a ...any) { r.Error(fmt.Sprintf(format, a...)) }

func (r *recorder) Fatal(a ...any) {
	r.Error(a...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, a ...any) { r.Fatal(fmt.Sprintf(format, a...)) }

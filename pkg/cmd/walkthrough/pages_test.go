package main

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestPages plays all pages as the command does, and README.md as -azure does.
// The programs are built only once.
func TestPages(t *testing.T) {
	bin := t.TempDir()
	t.Run("local hub", func(t *testing.T) { playOnLocalHub(t, bin) })
	t.Run("another hub", func(t *testing.T) { playOnAnotherHub(t, bin) })
}

func playOnLocalHub(t *testing.T, bin string) {
	w := prepare(t, options{screen: io.Discard, offline: true, bin: bin})
	for _, problem := range w.run(t.Context()) {
		t.Error(problem)
	}
	if t.Failed() {
		return
	}
	for _, p := range w.players {
		if p.updated() != p.page.String() {
			t.Errorf("%s: -update would change something although nothing differs", p.page.Name)
		}
	}
	t.Run("every word counts", func(t *testing.T) { everyWordCounts(t, w.players) })
}

// playOnAnotherHub also checks that nothing is left behind.
func playOnAnotherHub(t *testing.T, bin string) {
	hub := localhub.New(t)
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(certificate, hub.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(hubVariable, hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite).Reveal())
	t.Setenv(trust.Variable, certificate)
	w := prepare(t, options{screen: io.Discard, offline: true, bin: bin, azure: true})
	for _, problem := range w.run(t.Context()) {
		t.Error(problem)
	}
	if err := w.close(); err != nil {
		t.Error(err)
	}
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyRegistryRead), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.CloseIdleConnections()
	if devices, err := registry.ListDevices(t.Context()); err != nil || len(devices) > 0 {
		t.Errorf("%d devices are left: %v", len(devices), err)
	}
}

func prepare(t *testing.T, o options) *walk {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := dependOnSources(root); err != nil {
		t.Fatal(err)
	}
	w, err := newWalk(root, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	return w
}

// everyWordCounts changes each word of each output and checks that the
// comparison with what was printed finds it in that line.
func everyWordCounts(t *testing.T, players []*player) {
	changed := 0
	for _, p := range players {
		for _, played := range p.played {
			for i, line := range played.step.Output {
				changed += everyWordOfLineCounts(t, p, played, i, line)
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d words were tried", changed)
	}
}

var word = regexp.MustCompile(`\pL+`)

func everyWordOfLineCounts(t *testing.T, p *player, played played, i int, line string) (words int) {
	for _, at := range word.FindAllStringIndex(line, -1) {
		shown := slices.Clone(played.step.Output)
		shown[i] = line[:at[0]] + otherLetter(line[at[0]:at[1]]) + line[at[1]:]
		if c := p.sandbox.dict.compare(shown, played.printed); c.wrong != i {
			t.Errorf("%s:%d: nobody notices that this is wrong: %s", p.page.Name, played.step.OutputLine(i), plain(shown[i]))
		}
		words++
	}
	return words
}

func otherLetter(word string) string {
	if word[0] == 'Q' {
		return "R" + word[1:]
	}
	return "Q" + word[1:]
}

// dependOnSources looks at everything from which the programs of the module are
// built. The go command notes what a test looks at, and does not reuse an old
// result if that has changed.
func dependOnSources(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
}

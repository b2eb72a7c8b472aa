package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// TestREADME plays README.md as the command does.
func TestREADME(t *testing.T) {
	text, run := prepareREADME(t, false)
	for _, problem := range run.check(t.Context()) {
		t.Errorf("README.md:%d: %s", problem.Line, problem.Text)
	}
	if t.Failed() {
		return
	}
	if run.player.updated() != strings.ReplaceAll(text, "\r\n", "\n") {
		t.Error("-update would change something although nothing differs")
	}
	t.Run("every word counts", func(t *testing.T) { everyWordCounts(t, run.player) })
}

// TestREADMEOnAnotherHub plays it as -azure does, which leaves nothing behind.
func TestREADMEOnAnotherHub(t *testing.T) {
	hub := localhub.New(t)
	certificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(certificate, hub.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(hubVariable, hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite).Reveal())
	t.Setenv(trust.Variable, certificate)
	_, run := prepareREADME(t, true)
	for _, problem := range run.check(t.Context()) {
		t.Errorf("README.md:%d: %s", problem.Line, problem.Text)
	}
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyRegistryRead), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	if devices, err := registry.ListDevices(t.Context()); err != nil || len(devices) > 0 {
		t.Errorf("%d devices are left: %v", len(devices), err)
	}
}

func prepareREADME(t *testing.T, azure bool) (text string, r *run) {
	t.Helper()
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := dependOnSources(root); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	r, err = prepare(root, page.Parse(string(content)), azure, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return string(content), r
}

// everyWordCounts changes each word of each output and demands that the
// comparison with what was printed finds it, in that line.
func everyWordCounts(t *testing.T, p *player) {
	word := regexp.MustCompile(`\pL+`)
	changed := 0
	for _, played := range p.played {
		for i, line := range played.step.Output {
			for _, at := range word.FindAllStringIndex(line, -1) {
				shown := append([]string(nil), played.step.Output...)
				shown[i] = line[:at[0]] + otherLetter(line[at[0]:at[1]]) + line[at[1]:]
				if c := p.dict.compare(shown, played.printed); c.wrong != i {
					t.Errorf("README.md:%d: nobody notices that this is wrong: %s", played.step.OutputLine(i), plain(shown[i]))
				}
				changed++
			}
		}
	}
	if changed < 100 {
		t.Errorf("only %d words were tried", changed)
	}
}

func otherLetter(word string) string {
	if word[0] == 'Q' {
		return "R" + word[1:]
	}
	return "Q" + word[1:]
}

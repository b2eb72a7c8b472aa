package sdktest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"moduletwin/pkg/localhub"
)

// block is a code block of the page for other languages.
type block struct{ section, language, text string }

var headingOrBlock = regexp.MustCompile("(?ms)^## (.+?)$|^```(\\w+)\n(.*?)^```$")

// readPage returns the blocks of the page, by section.
func readPage(t *testing.T) map[string][]block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "andere-sprachen.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := make(map[string][]block)
	section := ""
	for _, match := range headingOrBlock.FindAllStringSubmatch(string(text), -1) {
		if match[1] != "" {
			section = match[1]
		} else {
			sections[section] = append(sections[section], block{section, match[2], match[3]})
		}
	}
	return sections
}

// TestPage pastes the blocks of the page into a shell, as a learner does.
// Instead of downloading the SDKs, the commands use those that the setup
// scripts have installed.
func TestPage(t *testing.T) {
	if raceEnabled {
		t.Skip("the page is not played with the race detector")
	}
	t.Parallel()
	page := readPage(t)
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			folder := l.folder(t)
			blocks := page[l.name]
			if len(blocks) != 2 {
				t.Fatalf("%d blocks, want a program and its output", len(blocks))
			}
			checkVersions(t, l, blocks[0].text)
			shell := startShell(t, "SDKS="+folder, installed+page["Vorbereiten"][0].text+blocks[0].text)
			shell.expect(t, blocks[1].text)
		})
	}
	t.Run("curl and mosquitto", func(t *testing.T) {
		t.Parallel()
		playWithoutSDK(t, page["Vorbereiten"][0].text, page["curl und mosquitto"])
	})
}

// installed replaces the commands that install the SDKs, except pip, which
// finds them installed already.
const installed = `
python3() { if [ "$*" = "-m venv .venv" ]; then ln -s "$SDKS" .venv; else command python3 "$@"; fi; }
npm() { ln -s "$SDKS/node_modules" .; }
mvn() { ln -s "$SDKS/lib" lib; }
`

// pinned matches packages and versions in the files for the setup scripts.
var pinned = map[string]*regexp.Regexp{
	"Python":  regexp.MustCompile(`(?m)^([\w-]+)(==)([\w.]+)$`),
	"Node.js": regexp.MustCompile(`"(azure-[\w-]+)(": ")([\d.]+)"`),
	"Java":    regexp.MustCompile(`<artifactId>([\w-]+)(</artifactId>\s*<version>)([\d.]+)</version>`),
}

// checkVersions checks that the page installs the versions that are tested
// here.
func checkVersions(t *testing.T, l language, text string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("setup", l.pins))
	if err != nil {
		t.Fatal(err)
	}
	packages := pinned[l.name].FindAllStringSubmatch(string(file), -1)
	if len(packages) < 2 {
		t.Errorf("%s names %d packages", l.pins, len(packages))
	}
	for _, p := range packages {
		name, version := p[1], p[3]
		forms := regexp.QuoteMeta(name) + `(==|@|</artifactId>\s*<version>)` + regexp.QuoteMeta(version) + `\b`
		if name != "sdktest" && !regexp.MustCompile(forms).MatchString(text) {
			t.Errorf("the page does not install %s in version %s", name, version)
		}
	}
}

// playWithoutSDK pastes the blocks for curl and mosquitto. The last two go into
// another window: one while mosquitto_sub waits, and one afterwards.
func playWithoutSDK(t *testing.T, prepare string, blocks []block) {
	for _, program := range []string{"curl", "openssl", "mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(program); err != nil {
			missing(t, "%v", err)
		}
	}
	if len(blocks) != 9 {
		t.Fatalf("%d blocks, want 9", len(blocks))
	}
	functions, create, patched := blocks[0].text+blocks[1].text, blocks[2], blocks[3]
	publish, subscribe, heard, patch, remove := blocks[4], blocks[5], blocks[6], blocks[7], blocks[8]
	wait := "trap 'kill $!' TERM\n" + strings.TrimSpace(subscribe.text) + " &\nread enter\n"
	shell := startShell(t, "", prepare+functions+create.text+publish.text+wait+patch.text+"wait\n"+remove.text)
	shell.expect(t, patched.text)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	state, err := shell.hub.WaitConnection(ctx, "mosquittoDevice", "", func(c localhub.ConnectionState) bool { return c.Subscribed })
	if err != nil || state.Telemetry != 1 {
		t.Fatalf("%d messages (%v)", state.Telemetry, err)
	}
	fmt.Fprintln(shell.stdin)
	shell.expect(t, heard.text)
}

// shell is a shell into which blocks are pasted, with its hub.
type shell struct {
	hub    *localhub.Hub
	stdin  io.Writer
	stdout *bufio.Reader
}

// startShell runs commands in an empty folder. Its hub is where the page
// expects it, except for the address.
func startShell(t *testing.T, setting, commands string) *shell {
	t.Helper()
	hub, no443 := startHub(t)
	if no443 != nil {
		missing(t, "the page needs port 443: %v; %s", no443, open443)
	}
	owner := hub.ConnectionString(localhub.PolicyServiceAndRegistryReadWrite)
	address := owner.Host()
	owner.HostName = "localhost:8883"
	home := homeThatTrusts(t, hub)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	cmd := exec.CommandContext(ctx, "sh", "-ec", strings.ReplaceAll(commands, "127.0.0.1", address))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Dir = t.TempDir()
	cmd.Env = append(environment(), "HOME="+home, "PIP_QUIET=1", "IOTHUB_CONNECTION_STRING="+owner.Reveal(), setting)
	cmd.Stderr = &log{t: t}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		stdin.Close()
		if t.Failed() {
			cancel()
		}
		io.Copy(io.Discard, stdout)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the shell: %v", err)
		}
	})
	return &shell{hub, stdin, bufio.NewReader(stdout)}
}

// homeThatTrusts makes a home folder with the hub's certificate in it.
func homeThatTrusts(t *testing.T, hub *localhub.Hub) string {
	t.Helper()
	home := t.TempDir()
	folder := filepath.Join(home, ".config", "iothub-localhub")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ca.pem"), hub.CertificatePEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// expect reads as many lines as want has and compares them.
func (s *shell) expect(t *testing.T, want string) {
	t.Helper()
	var got bytes.Buffer
	for range strings.Count(want, "\n") {
		line, err := s.stdout.ReadString('\n')
		got.WriteString(line)
		if err != nil {
			t.Errorf("reading the output: %v", err)
			break
		}
	}
	if got.String() != want {
		t.Errorf("it printed\n%s\nwant\n%s", got.String(), want)
	}
}

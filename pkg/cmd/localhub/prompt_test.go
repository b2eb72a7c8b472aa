package main

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/iotmodule"
	"moduletwin/pkg/localhub"
)

// TestAnswers types right and wrong words.
func TestAnswers(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	p := prompt{hub: hub, words: words}
	for _, row := range []struct{ typed, answer string }{
		{"", ""},
		{"   ", ""},
		{"nonsense", "There is no word \"nonsense\". Type help for a list, or press Ctrl+C to end the hub.\n"},
		{"\x1b[2J", "There is no word \"\\x1b[2J\". Type help for a list, or press Ctrl+C to end the hub.\n"},
		{"blok", "There is no word \"blok\". Did you mean block?\n"},
		{"TWNI d m", "There is no word \"TWNI\". Did you mean twin?\n"},
		{"shows", "There is no word \"shows\". Did you mean show?\n"},
		{"out", "There is no word \"out\". Did you mean cut?\n"},
		{"bin/updatemoduletwin -show", elsewhere + "\n"},
		{`bin\createmodule`, elsewhere + "\n"},
		{"$ bin/createmodule", elsewhere + "\n"},
		{"export IOTHUB_CONNECTION_STRING=x", elsewhere + "\n"},
		{`$env:IOTHUB_CONNECTION_STRING = "x"`, elsewhere + "\n"},
		{`set "IOTHUB_CONNECTION_STRING=x"`, elsewhere + "\n"},
		{"go build -o bin/ ./...", elsewhere + "\n"},
		{"updatemoduletwin", elsewhere + "\n"},
		{"cut", "cut: no connection cut; clients come back by themselves\n"},
		{" CUT  ", "cut: no connection cut; clients come back by themselves\n"},
		{"cut d", "cut: takes no arguments; type it alone\n"},
		{"Block", "block: devices and modules are locked out, no connection cut; type unblock to let them in\n"},
		{"refuse", "refuse: for example, type: refuse 10s\n"},
		{"refuse soon", "refuse: for example, type: refuse 10s\n"},
		{"refuse 0s", "refuse: for example, type: refuse 10s\n"},
		{"refuse -1s", "refuse: for example, type: refuse 10s\n"},
		{"refuse 10s 20s", "refuse: for example, type: refuse 10s\n"},
		{"refuse 61m", "refuse: too long: at most 1h0m0s\n"},
		{"refuse 1h", "refuse: connections are refused for 1h; type unblock to end that\n"},
		{"throttle", "throttle: for example, type: throttle 3\n"},
		{"throttle 0", "throttle: for example, type: throttle 3\n"},
		{"throttle 99999999999999999999", "throttle: for example, type: throttle 3\n"},
		{"throttle 1001", "throttle: too many: at most 1000\n"},
		{"throttle 1", "throttle: 1 request over HTTPS will be answered with 429; type unblock to end that\n"},
		{"throttle 3", "throttle: 3 requests over HTTPS will be answered with 429; type unblock to end that\n"},
		{"unblock", "unblock: everybody is let in again\n"},
		{"unblock", "unblock: nothing was blocked, refused or throttled\n"},
		{"expire", "expire: the tokens of all connections have expired, no connection cut; clients come back with new ones\n"},
		{"forget", "forget: stored subscriptions are forgotten, no connection cut; clients come back, but some SDKs do not subscribe again (the module app does)\n"},
		{"show me", "show: takes no arguments; type it alone\n"},
		{"twin", "twin: for example, type: twin myFirstDevice myFirstModule\n"},
		{"twin d/m", "twin: separate device and module by a space: twin d m\n"},
		{"twin d /m", "twin: there is no module \"/m\" on device \"d\"; ids are case-sensitive\n"},
		{"twin d m m", "twin: for example, type: twin myFirstDevice myFirstModule\n"},
		{"twin D", "twin: there is no device \"D\"; ids are case-sensitive\n"},
		{"twin d M", "twin: there is no module \"M\" on device \"d\"; ids are case-sensitive\n"},
	} {
		if answer := p.answer(row.typed); answer != row.answer {
			t.Errorf("%q: %q, want %q", row.typed, answer, row.answer)
		}
	}
	for typed, want := range map[string]string{"twin d m": `"moduleId": "m"`, "Twin d": `"deviceId": "d"`, "help": "  refuse 10s   ", "show": "d       m       not connected yet\n"} {
		if answer := p.answer(typed); !strings.Contains(answer, want) || !strings.HasSuffix(answer, "\n") {
			t.Errorf("%q: %q lacks %s", typed, answer, want)
		}
	}
}

func typed(lines string) *bufio.Reader {
	return bufio.NewReaderSize(strings.NewReader(lines), maxLine)
}

// TestUnblock checks that unblock ends everything that lasts, even a refusal
// for an hour.
func TestUnblock(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	registry, err := iothub.NewRegistry(hub.ConnectionString(localhub.PolicyIoTHubOwner), &iothub.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	runPrompt(typed("block\nthrottle 1000\nrefuse 1h\nUNBLOCK\n"), io.Discard, hub)
	before := hub.FaultsInjected()
	if _, err := registry.GetDevice(t.Context(), "d"); err != nil {
		t.Error(err)
	}
	if n := hub.FaultsInjected() - before; n > 0 {
		t.Errorf("%d requests failed first", n)
	}
}

// TestForgetFails checks that the word forget reports an error if the sessions
// could not be forgotten.
func TestForgetFails(t *testing.T) {
	hub, err := localhub.Start(&localhub.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := iotmodule.Dial(t.Context(), hub.AddModule("d", "m"), &iotmodule.Options{RootCAs: hub.RootCAs()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	hub.Close() // also closes its file
	p := prompt{hub: hub, words: words}
	const want = "forget: localhub: sessions are forgotten only until the hub is started again: data cannot be saved: "
	if answer := p.answer("forget"); !strings.HasPrefix(answer, want) {
		t.Errorf("%q, want %q", answer, want)
	}
}

// TestTooLong checks that a line that is too long gets an answer, and so does
// the next one.
func TestTooLong(t *testing.T) {
	var out strings.Builder
	runPrompt(typed(strings.Repeat("x", 3*maxLine)+"\nunblock"), &out, localhub.New(t))
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3 || len(lines[0]) > 200 || !strings.HasPrefix(lines[1], "unblock: ") {
		t.Errorf("answered %q", out.String())
	}
}

// FuzzAnswer checks that the answer to every line is one printable line, except
// for the words that show something.
func FuzzAnswer(f *testing.F) {
	for _, w := range words {
		f.Add(w.usage())
	}
	f.Add("refuse 1e9h")
	f.Add("twin \u202e d")
	f.Add("cut\x00")
	hub, err := localhub.Start(nil) // a hub that logs to f may not be used inside f.Fuzz
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(hub.Close)
	hub.AddModule("d", "m")
	p := prompt{hub: hub, words: words}
	f.Fuzz(func(t *testing.T, line string) {
		answer := p.answer(line)
		if fields := strings.Fields(line); len(fields) == 0 || slices.Contains([]string{"help", "show"}, strings.ToLower(fields[0])) || strings.EqualFold(fields[0], "twin") && strings.HasPrefix(answer, "{") {
			return
		}
		text, ended := strings.CutSuffix(answer, "\n")
		if !ended || text == "" || len(text) > 2*maxLine || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: %q", line, answer)
		}
	})
}

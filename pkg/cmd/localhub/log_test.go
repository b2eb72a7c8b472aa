package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"moduletwin/pkg/localhub"
)

// hostile is text that a terminal would interpret or display misleadingly.
const hostile = "\x1b[2J\x1b]0;title\x07\u009b31m\x7f\u202e\u2028\r"

// TestHostileClients checks that the log has nothing that a terminal would
// interpret, whatever clients send.
func TestHostileClients(t *testing.T) {
	s := start(t, t.TempDir(), "-memory", "-listen", "localhost:0")
	trust := &tls.Config{InsecureSkipVerify: true} // does not matter here
	client := http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+s.hub.HostName, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.URL.Path = "/devices/" + hostile
	request.Header.Set("Authorization", "SharedAccessSignature sr=\u202e\u009b&skn=\u202e\u009b&se=1&sig=AA==")
	if response, err := client.Do(request); err == nil {
		response.Body.Close()
	}
	conn, err := tls.Dial("tcp", s.hub.HostName, trust)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	connect := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
	connect.ProtocolName, connect.ProtocolVersion, connect.CleanSession = "MQTT", 4, true
	connect.ClientIdentifier = hostile
	connect.UsernameFlag, connect.Username = true, "localhost/"+hostile+"/?api-version=2021-04-12"
	connect.PasswordFlag, connect.Password = true, []byte(hostile)
	if err := connect.Write(conn); err != nil {
		t.Fatal(err)
	}
	packets.ReadPacket(conn)
	for range 2 {
		line, err := s.stderr.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		checkPrintable(t, strings.TrimSuffix(line, "\n"))
	}
}

func checkPrintable(t *testing.T, text string) {
	t.Helper()
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q", text)
	}
}

func TestSafeLog(t *testing.T) {
	var out strings.Builder
	if n, err := fmt.Fprintln(safeLog{&out}, "a"+hostile+strings.Repeat("b", 5000)); n < 5000 || err != nil {
		t.Error(n, err)
	}
	line, ended := strings.CutSuffix(out.String(), "\n")
	checkPrintable(t, line)
	if !ended || len(line) > 2*maxLogLine {
		t.Errorf("%d bytes", len(line))
	}
	out.Reset()
	printError(&out, errors.New("localhub: first"+hostile+"\nsecond"))
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "localhub: first") || lines[1] != "second" {
		t.Errorf("%q", lines)
	}
	checkPrintable(t, lines[0])
}

// TestHostileTwin checks that the word twin prints valid JSON without
// characters that a terminal would interpret.
func TestHostileTwin(t *testing.T) {
	hub := localhub.New(t)
	hub.AddModule("d", "m")
	if _, err := hub.PatchDesired("d", "m", map[string]any{"a\u202e": "\u009b\u202e\x7f\u2028"}); err != nil {
		t.Fatal(err)
	}
	p := prompt{hub: hub, words: words}
	answer := p.answer("twin d m")
	checkPrintable(t, strings.ReplaceAll(answer, "\n", ""))
	if !json.Valid([]byte(answer)) || !strings.Contains(answer, `"a\u202e": "\u009b\u202e\u007f\u2028"`) {
		t.Errorf("%s", answer)
	}
}

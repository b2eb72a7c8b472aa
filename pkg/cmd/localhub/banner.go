package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"moduletwin/pkg/localhub"
)

// policy is the one that the tutorial uses.
const policy = localhub.PolicyServiceAndRegistryReadWrite

// printBanner says, once, all that a user needs to go on.
func printBanner(w io.Writer, hub *localhub.Hub, s settings, ca string) {
	host := hub.HostName()
	fmt.Fprintf(w, "The local IoT hub is ready (a stand-in for Azure; it listens on %s).\n\n", strings.Join(hub.Addresses(), ", "))
	for _, row := range [][2]string{
		{"REST", "https://" + host},
		{"MQTT", host + " (TLS)"},
		{"MQTT over WebSocket", "wss://" + host + "/$iothub/websocket"},
		{"Certificate", ca},
		{"Data", s.place()},
	} {
		fmt.Fprintf(w, "  %-20s %s\n", row[0], row[1])
	}
	if beyond := s.beyondLoopback(); beyond != nil {
		fmt.Fprintf(w, "\nWarning: other machines may be able to reach %s.\n", strings.Join(beyond, ", "))
	}
	fmt.Fprintf(w, "\nIn another window, for the policy %s:\n\n", policy)
	for _, line := range pasteLines(runtime.GOOS, hub.ConnectionString(policy).String()) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprint(w, "\nType help for faults to try. Ctrl+C ends the hub.\n\n")
}

func (s settings) place() string {
	if s.data == "" {
		return "in memory only, gone when the hub ends"
	}
	return s.data
}

// pasteLines returns the setting of IOTHUB_CONNECTION_STRING for the shells
// of an operating system.
func pasteLines(system, value string) []string {
	if system == "windows" {
		return []string{
			`$env:IOTHUB_CONNECTION_STRING = "` + value + `"`,
			"",
			"or, in cmd:",
			"",
			`set "IOTHUB_CONNECTION_STRING=` + value + `"`,
		}
	}
	return []string{`export IOTHUB_CONNECTION_STRING="` + value + `"`}
}

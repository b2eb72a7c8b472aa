package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"moduletwin/pkg/internal/commandline"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/localhub"
)

// policy is the shared access policy that the tutorial uses.
const policy = localhub.PolicyServiceAndRegistryReadWrite

// banner returns what is printed at startup: everything that a user needs to
// continue.
func banner(hub *localhub.Hub, s settings, ca *certificateFile, portal *page) string {
	w := new(strings.Builder)
	fmt.Fprintf(w, "The local IoT hub is ready (a stand-in for Azure; it listens on %s).\n\n", strings.Join(hub.Addresses(), ", "))
	host := hub.HostName()
	rows := [][2]string{
		{"REST", "https://" + host},
		{"MQTT", host + " (TLS)"},
		{"MQTT over WebSocket", "wss://" + host + "/$iothub/websocket"},
		{"Certificate", ca.path},
		{"Data", s.place()},
	}
	if portal != nil {
		rows = append(rows, [2]string{"Portal", portal.url})
	}
	for _, row := range rows {
		fmt.Fprintf(w, "  %-20s %s\n", row[0], row[1])
	}
	for _, warning := range warnings(s, ca, portal) {
		fmt.Fprintf(w, "\nWarning: %s\n", warning)
	}
	fmt.Fprintf(w, "\nIn another window, for the policy %s:\n\n", policy)
	assignments := []commandline.Assignment{{Name: "IOTHUB_CONNECTION_STRING", Value: hub.ConnectionString(policy).Reveal()}}
	if !ca.found {
		assignments = append(assignments, commandline.Assignment{Name: trust.Variable, Value: ca.path})
	}
	for _, line := range commandline.Paste(runtime.GOOS, assignments...) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprint(w, "\nType help for faults to try. Ctrl+C ends the hub.\n\n")
	return w.String()
}

// warnings returns warnings about others who may have access to the hub, and
// about a web page that is not at its usual address.
func warnings(s settings, ca *certificateFile, portal *page) (all []string) {
	if portal != nil && portal.taken != "" {
		all = append(all, portal.elsewhere())
	}
	if beyond := s.beyondLoopback(); beyond != nil {
		all = append(all, "other machines may be able to reach "+strings.Join(beyond, ", ")+".")
	}
	paths := []string{filepath.Dir(ca.path)}
	if s.data != "" {
		paths = append(paths, s.data, filepath.Join(s.data, localhub.DataFile))
	}
	for _, path := range slices.Compact(paths) {
		if warning := exposed(path); warning != "" {
			all = append(all, warning)
		}
	}
	return all
}

func (s settings) place() string {
	if s.data == "" {
		return "in memory only, gone when the hub ends"
	}
	return s.data
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"moduletwin/pkg/internal/printable"
	"moduletwin/pkg/localhub"
)

// maxShown limits the list of devices and modules to a screen or two.
const maxShown = 100

// show lists the devices and modules.
func (p *prompt) show([]string) (string, error) {
	all := p.hub.Identities()
	if len(all) == 0 {
		return "", errors.New("there are no devices yet; createmodule makes one")
	}
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "device\tmodule\tconnection")
	for _, i := range all[:min(len(all), maxShown)] {
		fmt.Fprintf(table, "%s\t%s\t%s\n", i.DeviceID, i.ModuleID, describe(i, time.Now()))
	}
	table.Flush()
	if more := len(all) - maxShown; more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	return b.String(), nil
}

// describe returns the connection state of a device or module as text.
func describe(i localhub.Identity, now time.Time) string {
	var text string
	switch since := clock(i.Since, now); {
	case i.Connected:
		text = fmt.Sprintf("connected since %s from %s", since, i.RemoteAddr)
	case i.Since.IsZero():
		text = "not connected yet"
	default:
		text = "not connected since " + since
	}
	if i.Subscribed {
		text += ", subscribed"
	}
	if i.Disabled {
		text += ", disabled"
	}
	return text
}

// clock formats a time, without the date if it is today's.
func clock(t, now time.Time) string {
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}

// twin shows the twin of a module or device.
func (p *prompt) twin(arguments []string) (string, error) {
	deviceID, moduleID := arguments[0], strings.Join(arguments[1:], "")
	twin, ok := p.hub.Twin(deviceID, moduleID)
	switch {
	case !ok && moduleID != "":
		return "", fmt.Errorf("there is no module %q on device %q; ids are case-sensitive", moduleID, deviceID)
	case !ok && strings.Contains(deviceID, "/"):
		return "", fmt.Errorf("separate device and module by a space: twin %s", strings.Replace(deviceID, "/", " ", 1))
	case !ok:
		return "", fmt.Errorf("there is no device %q; ids are case-sensitive", deviceID)
	}
	text, err := json.MarshalIndent(twin, "", "  ")
	return string(printable.JSON(text)) + "\n", err
}

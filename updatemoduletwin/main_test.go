package main

import (
	"strings"
	"testing"

	"moduletwin/pkg/sample/sampletest"
)

func TestMain(m *testing.M) { sampletest.Main(m, main) }

const untouched = `
Module twin properties before update    :
{
  "desired": {
    "$metadata": {
      "$lastUpdated": "0001-01-01T00:00:00Z"
    },
    "$version": 1
  },
  "reported": {
    "$metadata": {
      "$lastUpdated": "0001-01-01T00:00:00Z"
    },
    "$version": 1
  }
}

Module twin properties after update     :
{
  "desired": {
`

// TestUpdateModuleTwin tries the forms of -set.
func TestUpdateModuleTwin(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string // the desired properties afterwards
	}{
		{nil, `{"$version":2,"telemetryInterval":122}`},
		{[]string{"-set", "a=1", "-set", "b=text", "-set", `c={"d":[true,1.5]}`}, `{"$version":2,"a":1,"b":"text","c":{"d":[true,1.5]}}`},
		{[]string{"-set", `a="1"`, "-set", "b="}, `{"$version":2,"a":"1","b":""}`},
		{[]string{"-set", "a=1", "-set", "a=null"}, `{"$version":2}`},
		{[]string{"-set", "a=b=c"}, `{"$version":2,"a":"b=c"}`},
		{[]string{"-set", "n=1e20", "-set", "o=4503599627370496.0"}, `{"$version":2,"n":1e20,"o":4.503599627370496e15}`},
	} {
		hub := sampletest.NewHub(t)
		hub.AddModule("myFirstDevice", "myFirstModule")
		got := sampletest.Run(t, hub.Service("service"), c.args...)
		if got.Code != 0 || got.Stderr != "" || !strings.HasPrefix(got.Stdout, untouched) {
			t.Errorf("%q: exit code %d, stderr %q, stdout %q", c.args, got.Code, got.Stderr, got.Stdout)
		}
		twin, _ := hub.Twin("myFirstDevice", "myFirstModule")
		delete(twin.Properties.Desired, "$metadata")
		if desired := twin.Properties.Desired.String(); desired != c.want {
			t.Errorf("%q: the desired properties are %s, want %s", c.args, desired, c.want)
		}
	}
}

// TestNumbers checks that a number is printed as the hub stores it.
func TestNumbers(t *testing.T) {
	hub := sampletest.NewHub(t)
	hub.AddModule("myFirstDevice", "myFirstModule")
	got := sampletest.Run(t, hub.Service("service"), "-set", "n=1e20")
	if got.Code != 0 || !strings.Contains(got.Stdout, "\n    \"n\": 1e20\n") {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.Code, got.Stderr, got.Stdout)
	}
}

// TestShow checks that -show prints the twin and does not change it.
func TestShow(t *testing.T) {
	hub := sampletest.NewHub(t)
	hub.AddModule("myFirstDevice", "myFirstModule")
	want := strings.Replace(untouched[:strings.Index(untouched, "}\n\n")+2], "Module twin properties before update    :", "Module twin properties:", 1)
	for range 2 {
		if got := sampletest.Run(t, hub.Service("service"), "-show"); got.Code != 0 || got.Stderr != "" || got.Stdout != want {
			t.Errorf("exit code %d, stderr %q, stdout %q", got.Code, got.Stderr, got.Stdout)
		}
	}
}

// TestNothingTalksToTheTerminal checks that characters in a twin that a
// terminal would interpret are printed as escapes.
func TestNothingTalksToTheTerminal(t *testing.T) {
	hub := sampletest.NewHub(t)
	hub.AddModule("myFirstDevice", "myFirstModule")
	hub.PatchDesired("myFirstDevice", "myFirstModule", map[string]any{"\u202eb": "\x1b]0;title\x07\u009b31m\x7f"})
	got := sampletest.Run(t, hub.Service("service"), "-show")
	if want := `"\u202eb": "\u001b]0;title\u0007\u009b31m\u007f"`; got.Code != 0 || !strings.Contains(got.Stdout, want) {
		t.Errorf("exit code %d, stderr %q, stdout %q, want %s", got.Code, got.Stderr, got.Stdout, want)
	}
}

func TestStopped(t *testing.T) { sampletest.CheckStopped(t, "IoTHubRegistryManager sample stopped") }

func TestHelp(t *testing.T) { sampletest.CheckHelp(t) }

func TestFullDisk(t *testing.T) {
	hub := sampletest.NewHub(t)
	hub.AddModule("myFirstDevice", "myFirstModule")
	sampletest.CheckFullDisk(t, hub.Service("service"))
}

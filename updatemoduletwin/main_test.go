package main

import (
	"io"
	"net/http"
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

// TestUpdateModuleTwin goes through the forms of -set.
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

// TestStopped: Ctrl+C ends the program while it waits for its hub, without
// success.
func TestStopped(t *testing.T) {
	asked := make(chan struct{}, 8)
	program := sampletest.Start(t, sampletest.Imposed(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then the server notices that the client is gone
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	<-asked
	program.Stop(1, "IoTHubRegistryManager sample stopped")
}

func TestHelp(t *testing.T) { sampletest.CheckHelp(t) }

func TestFullDisk(t *testing.T) {
	hub := sampletest.NewHub(t)
	hub.AddModule("myFirstDevice", "myFirstModule")
	sampletest.CheckFullDisk(t, hub.Service("service"))
}

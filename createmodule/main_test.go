package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"moduletwin/pkg/sample/sampletest"
)

func TestMain(m *testing.M) { sampletest.Main(m, main) }

// TestCreateModule checks that a second run looks up and prints the same keys.
func TestCreateModule(t *testing.T) {
	hub := sampletest.NewHub(t)
	env := hub.Service("serviceAndRegistryReadWrite")
	first := sampletest.Run(t, env)
	want := regexp.MustCompile(`^device <myFirstDevice> has primary key = (\S{44})
device/module <myFirstDevice/myFirstModule> has primary key = (\S{44})
module connection string = (HostName=` + hub.HostName() + `;DeviceId=myFirstDevice;ModuleId=myFirstModule;SharedAccessKey=(\S{44}))

((?s:.*))
$`)
	parts := want.FindStringSubmatch(first.Stdout)
	if first.Code != 0 || first.Stderr != "" || parts == nil || parts[2] != parts[4] {
		t.Fatalf("exit code %d, stderr %q, stdout %q", first.Code, first.Stderr, sampletest.Masked(first.Stdout))
	}
	if !regexp.MustCompile(`^(export |\$env:)IOTHUB_MODULE_CONNECTION_STRING ?= ?"` + regexp.QuoteMeta(parts[3]) + `"`).MatchString(parts[5]) {
		t.Errorf("the line to paste is %s", sampletest.Masked(parts[5]))
	}
	if second := sampletest.Run(t, env); second != first {
		t.Error("the second run prints something else")
	}
	other := sampletest.Run(t, env, "-device", "other", "-module", "one")
	if other.Code != 0 || !strings.Contains(other.Stdout, "device/module <other/one> has primary key = ") {
		t.Errorf("exit code %d, stdout %q", other.Code, sampletest.Masked(other.Stdout))
	}
}

func TestStopped(t *testing.T) {
	sampletest.CheckStopped(t,
		"createmodule: a response was lost: the hub may have carried out the request anyway",
		"IoTHubRegistryManager sample stopped")
}

func TestHelp(t *testing.T) { sampletest.CheckHelp(t) }
func TestFullDisk(t *testing.T) {
	sampletest.CheckFullDisk(t, sampletest.NewHub(t).Service("iothubowner"))
}

func TestProxy(t *testing.T) {
	sampletest.CheckProxy(t, http.StatusForbidden, `createmodule: iothub: create device "myFirstDevice": through the proxy 127.0.0.1:8883: 403 Forbidden`)
	sampletest.CheckProxy(t, http.StatusProxyAuthRequired, `createmodule: iothub: create device "myFirstDevice": through the proxy 127.0.0.1:8883: 407 Proxy Authentication Required
Put the user and the password that the proxy wants into its address (HTTPS_PROXY=http://user:password@127.0.0.1:8883).`)
}

func TestProxyAway(t *testing.T) { sampletest.CheckProxyAway(t) }

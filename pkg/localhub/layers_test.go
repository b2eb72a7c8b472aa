package localhub_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer is a package and the packages that it may, and does, import.
type layer struct {
	name    string
	imports []string
}

// layers lists what the packages of the hub may import besides the standard
// library. Names without a module are below moduletwin/pkg. A package imports
// only packages further up.
var layers = []layer{
	{"localhub/event", nil},
	{"localhub/fault", nil},
	{"localhub/internal/huberror", []string{"github.com/google/uuid"}},
	{"localhub/internal/hubjson", nil},
	{"localhub/internal/faults", []string{"localhub/fault"}},
	{"localhub/internal/network", []string{"localhub/fault"}},
	{"localhub/internal/store", []string{"go.etcd.io/bbolt", "go.etcd.io/bbolt/errors"}},
	{"localhub/internal/auth", []string{"iothub"}},
	{"localhub/internal/twin", []string{
		"internal/mergepatch",
		"localhub/internal/huberror", "localhub/internal/hubjson",
	}},
	{"localhub/internal/registry", []string{
		"iothub", "localhub/event",
		"localhub/internal/huberror", "localhub/internal/hubjson",
		"localhub/internal/store", "localhub/internal/twin",
	}},
	{"localhub/internal/rest", []string{
		"github.com/google/uuid", "iothub", "localhub/event", "localhub/fault",
		"localhub/internal/auth", "localhub/internal/faults", "localhub/internal/huberror", "localhub/internal/hubjson",
		"localhub/internal/network", "localhub/internal/registry", "localhub/internal/twin",
	}},
	{"localhub/internal/mqtt", []string{
		"github.com/eclipse/paho.mqtt.golang/packets", "github.com/google/uuid", "iothub", "localhub/event", "localhub/fault",
		"localhub/internal/auth", "localhub/internal/faults", "localhub/internal/huberror", "localhub/internal/hubjson",
		"localhub/internal/network", "localhub/internal/registry", "localhub/internal/twin",
	}},
	{"localhub", []string{
		"github.com/gorilla/websocket", "internal/listen", "internal/wsconn", "iothub", "localhub/event", "localhub/fault",
		"localhub/internal/auth", "localhub/internal/faults", "localhub/internal/huberror", "localhub/internal/mqtt",
		"localhub/internal/network", "localhub/internal/registry", "localhub/internal/rest",
		"localhub/internal/store", "localhub/internal/twin",
	}},
	{"localhub/portal", []string{ // uses only the hub's public API
		"internal/backoff", "internal/mergepatch", "internal/trust", "iothub",
		"localhub", "localhub/event", "localhub/fault",
	}},
}

// TestLayers checks that the packages import only what they may: rest and mqtt
// do not import each other, twin knows no protocol, and nothing below imports
// package localhub. Only the codec of the MQTT library is used, and nothing of
// the module side, because that is tested against this hub.
func TestLayers(t *testing.T) {
	found := imports(t, own+"localhub", own+"localhub/event", own+"localhub/fault", own+"localhub/internal/...", own+"localhub/portal")
	for _, l := range layers {
		l.check(t, found[own+l.name])
		delete(found, own+l.name)
	}
	for path := range found {
		t.Errorf("%s is not among the layers", path)
	}
}

// check compares what the package may import with what it does import.
func (l layer) check(t *testing.T, imports []string) {
	unused := slices.Clone(l.imports)
	for _, imported := range imports {
		name := strings.TrimPrefix(imported, own)
		if !isStandard(imported) && !slices.Contains(l.imports, name) {
			t.Errorf("%s imports %s", l.name, name)
		}
		unused = slices.DeleteFunc(unused, func(allowed string) bool { return allowed == name })
	}
	for _, name := range unused {
		t.Errorf("%s may import %s, but does not", l.name, name)
	}
}

// TestPrograms checks that the sample programs do not depend on the local hub,
// the service programs not on the module side, and the hub's program not on
// package testing and its flags.
func TestPrograms(t *testing.T) {
	for _, row := range []struct{ program, unwanted string }{
		{"moduletwin/createmodule", own + "iotmodule"},
		{"moduletwin/createmodule", own + "localhub"},
		{"moduletwin/updatemoduletwin", own + "iotmodule"},
		{"moduletwin/updatemoduletwin", own + "localhub"},
		{"moduletwin/receivemoduletwinpatch", own + "localhub"},
		{own + "cmd/localhub", "testing"},
	} {
		if _, found := imports(t, "-deps", row.program)[row.unwanted]; found {
			t.Errorf("%s depends on %s", row.program, row.unwanted)
		}
	}
}

const own = "moduletwin/pkg/"

// imports returns what packages import, according to the go command.
func imports(t *testing.T, args ...string) map[string][]string {
	t.Helper()
	args = append([]string{"list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`}, args...)
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := make(map[string][]string)
	for line := range bytes.Lines(out) {
		names := strings.Fields(string(line))
		found[names[0]] = names[1:]
	}
	return found
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "moduletwin"
}

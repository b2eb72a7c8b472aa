package localhub_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer is a package and what it may import, and does.
type layer struct {
	name    string
	imports []string
}

// layers says what the packages of the hub may import, besides the standard
// library. A name without a module is below moduletwin/pkg. The order is that
// of the layers: nothing imports what stands further down.
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
	{"localhub/portal", []string{ // a client, not an insider
		"internal/backoff", "internal/mergepatch", "internal/trust", "iothub",
		"localhub", "localhub/event", "localhub/fault",
	}},
}

// TestLayers keeps walls where they are: rest and mqtt do not know each other,
// the twin knows no protocol, and nothing below knows the public face. Of the
// MQTT library only the codec is used, and nothing of the module side, which is
// tested against this hub.
func TestLayers(t *testing.T) {
	found := imports(t, own+"localhub", own+"localhub/event", own+"localhub/fault", own+"localhub/internal/...", own+"localhub/portal")
	for _, l := range layers {
		l.check(t, found[own+l.name])
		delete(found, own+l.name)
	}
	for path := range found {
		t.Errorf("%s has no place among the layers", path)
	}
}

// check compares what the package may import with what it imports.
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
		t.Errorf("%s may import %s, and does not", l.name, name)
	}
}

// TestPrograms keeps the sample programs free of the stand-in, the service
// programs free of the module side, and package testing, with its flags, out of
// the hub's program.
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
			t.Errorf("%s needs %s", row.program, row.unwanted)
		}
	}
}

const own = "moduletwin/pkg/"

// imports asks the go command what packages import.
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

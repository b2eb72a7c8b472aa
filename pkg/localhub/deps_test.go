package localhub_test

import (
	"go/build"
	"slices"
	"strings"
	"testing"
)

// TestDeps keeps dependencies out: of the MQTT library, only its codec is
// used, and nothing of the module side, which is tested against this hub.
func TestDeps(t *testing.T) {
	allowed := []string{
		"github.com/eclipse/paho.mqtt.golang/packets",
		"github.com/google/uuid",
		"github.com/gorilla/websocket",
		"go.etcd.io/bbolt",
		"go.etcd.io/bbolt/errors",
		"moduletwin/pkg/internal/mergepatch",
		"moduletwin/pkg/internal/trust",
		"moduletwin/pkg/internal/wsconn",
		"moduletwin/pkg/iothub",
		"moduletwin/pkg/localhub/fault",
	}
	this, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range this.Imports {
		first, _, _ := strings.Cut(path, "/")
		if standard := !strings.Contains(first, ".") && first != "moduletwin"; !standard && !slices.Contains(allowed, path) {
			t.Errorf("the package imports %s", path)
		}
		if path == "testing" {
			t.Error("the package imports testing, which would add its flags to programs")
		}
	}
}

package iothub_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// This package depends on the standard library and one small module only.
func TestDependencies(t *testing.T) {
	for _, path := range deps(t, ".") {
		standard := !strings.Contains(strings.Split(path, "/")[0], ".") && !strings.HasPrefix(path, "moduletwin/")
		own := path == "moduletwin/pkg/iothub" || strings.HasPrefix(path, "moduletwin/pkg/internal/")
		if !standard && !own && path != "github.com/google/uuid" {
			t.Errorf("it depends on %s", path)
		}
	}
}

// The service-side programs speak only HTTPS.
func TestServicePrograms(t *testing.T) {
	for _, program := range []string{"moduletwin/createmodule", "moduletwin/updatemoduletwin"} {
		all := deps(t, program)
		if !slices.Contains(all, "moduletwin/pkg/iothub") {
			t.Errorf("%s does not use this package", program)
		}
		for _, path := range all {
			if strings.Contains(path, "mqtt") || strings.Contains(path, "websocket") {
				t.Errorf("%s depends on %s", program, path)
			}
		}
	}
}

func deps(t *testing.T, path string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

package sdktest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"moduletwin/pkg/internal/leak"
)

// patience is how long tests wait for what has to come.
const patience = 30 * time.Second

// pythonVariable names the interpreter that has the SDKs, and makes the
// tests that need them required.
const pythonVariable = "IOTHUB_SDK_PYTHON"

// python returns the interpreter, or skips the test if there is none with
// the SDKs and nobody asked for it.
func python(t *testing.T) string {
	t.Helper()
	path, err := findPython()
	switch {
	case err == nil:
		return path
	case os.Getenv(pythonVariable) != "":
		t.Fatalf("%s: %v", pythonVariable, err)
	default:
		t.Skipf("%v; setup.sh installs Microsoft's SDKs, and %s names their interpreter", err, pythonVariable)
	}
	return ""
}

var findPython = sync.OnceValues(func() (string, error) {
	path, err := exec.LookPath(cmp.Or(os.Getenv(pythonVariable), "python3"))
	if err != nil {
		return "", err
	}
	const script = "import importlib.util as u, sys; sys.exit(not (u.find_spec('azure') and u.find_spec('azure.iot') and u.find_spec('azure.iot.hub') and u.find_spec('azure.iot.device')))"
	if err := exec.Command(path, "-c", script).Run(); err != nil {
		return "", fmt.Errorf("%s has not both azure-iot-hub and azure-iot-device", path)
	}
	return path, nil
})

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

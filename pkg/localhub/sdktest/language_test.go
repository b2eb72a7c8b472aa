package sdktest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// required is the environment variable that makes the SDKs and other clients
// required: if one is missing, tests fail that would otherwise be skipped.
const required = "IOTHUB_SDKS_REQUIRED"

// missing skips the test, or fails it if clients are required.
func missing(t *testing.T, format string, a ...any) {
	t.Helper()
	if os.Getenv(required) != "" {
		t.Fatalf(format, a...)
	}
	t.Skipf(format, a...)
}

// language is a language in which Microsoft publishes SDKs that can be run
// here.
type language struct {
	name  string
	setup string // the script that installs the SDKs, and the name of their folder
	pins  string // the file that names their versions

	// compile returns a command that compiles the driver into the folder
	// classes. It is nil for most.
	compile func(folder, classes string) *exec.Cmd
	// command returns a command that runs the driver. The SDKs are in folder,
	// and the hub's certificate is in the file certificate.
	command func(folder, classes, certificate string) *exec.Cmd
	// serviceAt443 says that the service SDK uses no port but 443.
	serviceAt443 bool
}

var languages = []language{
	{name: "Python", setup: "python", pins: "requirements.txt", command: python},
	{name: "Node.js", setup: "node", pins: "package.json", command: node, serviceAt443: true},
	{name: "Java", setup: "java", pins: "pom.xml", compile: javac, command: java, serviceAt443: true},
}

func python(folder, _, certificate string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(folder, "bin", "python"), filepath.Join("testdata", "driver.py"))
	cmd.Env = append(environment(), "PYTHONDONTWRITEBYTECODE=1",
		"REQUESTS_CA_BUNDLE="+certificate, // what azure-iot-hub reads
		"SSL_CERT_FILE="+certificate)      // what azure-iot-device reads
	return cmd
}

func node(folder, _, certificate string) *exec.Cmd {
	cmd := exec.Command("node", filepath.Join("testdata", "driver.js"))
	cmd.Env = append(environment(), "NODE_EXTRA_CA_CERTS="+certificate, "NODE_PATH="+filepath.Join(folder, "node_modules"))
	return cmd
}

// quick makes Java spend little time on optimizing a short run.
const quick = "-XX:TieredStopAtLevel=1"

func javac(folder, classes string) *exec.Cmd {
	sources, _ := filepath.Glob(filepath.Join("testdata", "java", "*.java"))
	return exec.Command("javac", append([]string{"-J" + quick, "-d", classes, "-cp", filepath.Join(folder, "lib", "*")}, sources...)...)
}

func java(folder, classes, certificate string) *exec.Cmd {
	paths := classes + string(filepath.ListSeparator) + filepath.Join(folder, "lib", "*")
	cmd := exec.Command("java", quick, "-XX:+UseSerialGC", "-cp", paths, "Driver", certificate)
	cmd.Env = environment()
	return cmd
}

// build compiles the driver, if needed, and returns the folder classes for
// command.
func (l language) build(t *testing.T, folder string) (classes string) {
	t.Helper()
	if l.compile == nil {
		return ""
	}
	classes = t.TempDir()
	if said, err := l.compile(folder, classes).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return classes
}

// folder returns the folder into which the setup script has installed the SDKs.
// Without them, the test ends.
func (l language) folder(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		missing(t, "%s: %v", l.name, err)
	}
	folder := filepath.Join(cache, "iothub-sdktest", l.setup)
	if err := l.installed(folder); err != nil {
		missing(t, "%s: Microsoft's SDKs are missing: run pkg/localhub/sdktest/setup/%s (%v)", l.name, l.setup, err)
	}
	return folder
}

// installed checks that the installed versions are the pinned ones.
func (l language) installed(folder string) error {
	pinned, err := os.ReadFile(filepath.Join("setup", l.pins))
	if err != nil {
		return err
	}
	found, err := os.ReadFile(filepath.Join(folder, "installed"))
	if err == nil && !bytes.Equal(found, pinned) {
		err = fmt.Errorf("the installed versions differ from those in %s", l.pins)
	}
	return err
}

//go:build linux

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// programs are built once, when first used.
var programs struct {
	sync.Mutex
	folder string
}

// program returns the path of the built program of a package. pkg is relative
// to the root of the module.
func program(b *testing.B, pkg string) string {
	b.Helper()
	programs.Lock()
	defer programs.Unlock()
	if programs.folder == "" {
		folder, err := os.MkdirTemp("", "bench")
		if err != nil {
			b.Fatal(err)
		}
		programs.folder = folder
	}
	file := filepath.Join(programs.folder, path.Base(pkg))
	if _, err := os.Stat(file); err == nil {
		return file
	}
	build := exec.Command("go", "build", "-o", file, "./"+pkg)
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %v\n%s", build, err, out)
	}
	return file
}

// bare returns the program of a floor in testdata.
func bare(b *testing.B, name string) string {
	b.Helper()
	return program(b, "pkg/internal/bench/testdata/"+name)
}

// environment returns the whole environment of the programs: no setting of the
// user's may change what is measured.
func environment(s *server, settings ...string) []string {
	return append(settings, "IOTHUB_CA_FILE="+s.caFile, "HOME="+filepath.Dir(s.caFile))
}

// cost is the time and memory that a whole process takes.
type cost struct{ milliseconds, mebibytes figures }

// run runs a program to its end and adds what it took.
func (c *cost) run(b *testing.B, env []string, name string, args ...string) {
	b.Helper()
	cmd := exec.Command(bare(b, "launch"), append([]string{name}, args...)...)
	cmd.Env = env
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v", path.Base(name), err)
	}
	var nanoseconds, kibibytes int64
	if _, err := fmt.Sscan(string(out), &nanoseconds, &kibibytes); err != nil {
		b.Fatal(err)
	}
	c.milliseconds = append(c.milliseconds, milliseconds(time.Duration(nanoseconds)))
	c.mebibytes = append(c.mebibytes, float64(kibibytes)/1024)
}

// compare reports ours against the floor.
func compare(b *testing.B, ours, floor cost) {
	report(b, "ms", ours.milliseconds, floor.milliseconds)
	report(b, "MiB", ours.mebibytes, floor.mebibytes)
}

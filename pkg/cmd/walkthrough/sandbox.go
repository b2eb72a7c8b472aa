package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
)

const (
	hubVariable = "IOTHUB_CONNECTION_STRING"

	// What pages show in place of what differs from run to run.
	shownHost   = "localhost:8883"
	shownFolder = "/home/anna/.config"
	shownDevice = "myFirstDevice"
	shownRoot   = "../moduletwin" // seen from a folder beside the repository
)

// sandbox is where a page is played.
type sandbox struct {
	root   string            // of the repository
	folder string            // made for this sandbox, and stands for the one around the repository
	bin    string            // stands for bin/ on the page
	home   string            // of the programs, so that they find nothing of the user's
	env    []string          // of the programs
	device string            // the device to use in place of the programs' default; "" for that
	edited map[string]string // copies of files of the repository, by their paths
	azure  *iothub.Registry  // of a real hub, if one is used
	dict   *dictionary
}

// newSandbox makes a sandbox whose local hub disturbs no other: it lets the
// system choose its port, and the page gets to know that from its banner.
func newSandbox(root string) (*sandbox, error) {
	s, err := emptySandbox(root)
	if err != nil {
		return nil, err
	}
	s.env = append(s.env, homeVariables(s.home)...)
	s.dict = newDictionary(
		alias{shownHost, "localhost:0"}, // until the hub has told
		alias{shownFolder, configFolder(s.home)},
	)
	return s, nil
}

// newAzureSandbox makes a sandbox with the hub of the environment. It takes a
// device of its own, so that nothing of the hub's owner is touched.
func newAzureSandbox(root string) (*sandbox, error) {
	if os.Getenv(hubVariable) == "" {
		return nil, fmt.Errorf("%s is not set", hubVariable)
	}
	hub, err := iothub.ParseConnectionString(os.Getenv(hubVariable))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", hubVariable, err)
	}
	registry, err := iothub.NewRegistry(hub, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", hubVariable, err)
	}
	s, err := emptySandbox(root)
	if err != nil {
		return nil, err
	}
	s.azure = registry
	s.device = shownDevice + "-" + strings.ToLower(rand.Text()[:8])
	s.env = append(s.env, hubVariable+"="+hub.Reveal())
	if file := os.Getenv(trust.Variable); file != "" { // a proxy's, say
		s.env = append(s.env, trust.Variable+"="+file)
	}
	s.dict = newDictionary(
		alias{"HostName=" + shownHost, "HostName=" + hub.HostName},
		alias{shownDevice, s.device},
	)
	return s, nil
}

func emptySandbox(root string) (*sandbox, error) {
	folder, err := os.MkdirTemp("", "walkthrough-")
	if err != nil {
		return nil, err
	}
	s := &sandbox{
		root:   root,
		folder: folder,
		bin:    filepath.Join(folder, "bin"),
		home:   filepath.Join(folder, "home"),
		env:    inherited(),
		edited: make(map[string]string),
	}
	return s, os.MkdirAll(s.home, 0o700)
}

// inherited returns the environment without what would steer the programs.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "IOTHUB_")
	})
}

// homeVariables make folder the one in which programs keep their settings,
// on every system.
func homeVariables(folder string) []string {
	return []string{
		"HOME=" + folder,
		"XDG_CONFIG_HOME=" + filepath.Join(folder, ".config"),
		"AppData=" + filepath.Join(folder, ".config"),
		"USERPROFILE=" + folder,
	}
}

// configFolder returns what [os.UserConfigDir] is for those programs.
func configFolder(home string) string {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return filepath.Join(home, "Library", "Application Support")
	}
	return filepath.Join(home, ".config")
}

// skips reports whether a block is for another kind of hub.
func (s *sandbox) skips(only string) bool {
	return only == "local" && s.azure != nil || only == "azure" && s.azure == nil
}

// program returns a command of one of the programs.
func (s *sandbox) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Env = slices.Clone(s.env)
	return cmd
}

// close removes all that the sandbox had, on the hub, too.
func (s *sandbox) close() error {
	err := os.RemoveAll(s.folder)
	if s.azure == nil {
		return err
	}
	defer s.azure.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if gone := s.azure.DeleteDevice(ctx, s.device, ""); !errors.Is(gone, iothub.ErrNotFound) {
		err = errors.Join(err, gone)
	}
	return err
}

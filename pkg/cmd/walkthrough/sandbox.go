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

	// What pages show for values that differ from run to run.
	shownHost   = "localhost:8883"
	shownFolder = "/home/anna/.config"
	shownDevice = "myFirstDevice"
	shownRoot   = "../moduletwin" // seen from a folder beside the repository
)

// sandbox is the environment in which a page is played.
type sandbox struct {
	root   string            // of the repository
	folder string            // made for this sandbox; stands for the parent folder of the repository
	bin    string            // stands for bin/ on the page
	home   string            // home folder of the programs, so that they do not find the user's files
	env    []string          // environment of the programs
	device string            // the device to use; "" for the programs' default
	edited map[string]string // edited copies of repository files, by the path of the original
	azure  *iothub.Registry  // client of the real hub, if one is used
	dict   *dictionary
}

// newSandbox makes a sandbox for a local hub that does not disturb others: the
// system chooses its port, which is learned from its banner.
func newSandbox(root string) (*sandbox, error) {
	s, err := emptySandbox(root)
	if err != nil {
		return nil, err
	}
	s.env = append(s.env, homeVariables(s.home)...)
	s.dict = newDictionary(
		alias{shownHost, "localhost:0"}, // until the banner shows the port
		alias{shownFolder, configFolder(s.home)},
	)
	return s, nil
}

// newAzureSandbox makes a sandbox for the hub named in the environment. It uses
// its own device, so that those of the hub's owner are left alone.
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
	if file := os.Getenv(trust.Variable); file != "" { // for example of a proxy
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

// inherited returns the environment without variables that affect the programs.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(setting string) bool {
		return strings.HasPrefix(setting, "IOTHUB_")
	})
}

// homeVariables returns variables that make programs keep their settings below
// folder, on every system.
func homeVariables(folder string) []string {
	return []string{
		"HOME=" + folder,
		"XDG_CONFIG_HOME=" + filepath.Join(folder, ".config"),
		"AppData=" + filepath.Join(folder, ".config"),
		"USERPROFILE=" + folder,
	}
}

// configFolder returns what [os.UserConfigDir] returns in a program with these
// variables.
func configFolder(home string) string {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return filepath.Join(home, "Library", "Application Support")
	}
	return filepath.Join(home, ".config")
}

// skips reports whether a block is meant for the other kind of hub.
func (s *sandbox) skips(only string) bool {
	return only == "local" && s.azure != nil || only == "azure" && s.azure == nil
}

// program returns a command that runs one of this repository's programs.
func (s *sandbox) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Env = slices.Clone(s.env)
	return cmd
}

// close removes everything that the sandbox created, also on the hub.
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

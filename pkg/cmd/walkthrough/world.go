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

// world is where a page is played.
type world struct {
	root   string            // of the repository
	folder string            // made for this world, and stands for the one around the repository
	bin    string            // stands for bin/ on the page
	home   string            // of the programs, so that they find nothing of the user's
	env    []string          // of the programs
	device string            // the device to use in place of the programs' default; "" for that
	edited map[string]string // copies of files of the repository, by their paths
	azure  *iothub.Registry  // of a real hub, if one is used
	dict   *dictionary
}

// newWorld makes a world whose local hub disturbs no other: it lets the
// system choose its port, and the page gets to know that from its banner.
func newWorld(root string) (*world, error) {
	w, err := newFolder(root)
	if err != nil {
		return nil, err
	}
	w.env = append(w.env, homeVariables(w.home)...)
	w.dict = newDictionary(
		alias{shownHost, "localhost:0"}, // until the hub has told
		alias{shownFolder, configFolder(w.home)},
	)
	return w, nil
}

// newAzureWorld makes a world with the hub of the environment. It takes a
// device of its own, so that nothing of the hub's owner is touched.
func newAzureWorld(root string) (*world, error) {
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
	w, err := newFolder(root)
	if err != nil {
		return nil, err
	}
	w.azure = registry
	w.device = shownDevice + "-" + strings.ToLower(rand.Text()[:8])
	w.env = append(w.env, hubVariable+"="+hub.Reveal())
	if file := os.Getenv(trust.Variable); file != "" { // a proxy's, say
		w.env = append(w.env, trust.Variable+"="+file)
	}
	w.dict = newDictionary(
		alias{"HostName=" + shownHost, "HostName=" + hub.HostName},
		alias{shownDevice, w.device},
	)
	return w, nil
}

func newFolder(root string) (*world, error) {
	folder, err := os.MkdirTemp("", "walkthrough-")
	if err != nil {
		return nil, err
	}
	w := &world{
		root:   root,
		folder: folder,
		bin:    filepath.Join(folder, "bin"),
		home:   filepath.Join(folder, "home"),
		env:    inherited(),
		edited: make(map[string]string),
	}
	return w, os.MkdirAll(w.home, 0o700)
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
func (w *world) skips(only string) bool {
	return only == "local" && w.azure != nil || only == "azure" && w.azure == nil
}

// program returns a command of one of the programs.
func (w *world) program(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(w.bin, name), args...)
	cmd.Env = slices.Clone(w.env)
	return cmd
}

// close removes all that the world had, on the hub, too.
func (w *world) close() error {
	err := os.RemoveAll(w.folder)
	if w.azure == nil {
		return err
	}
	defer w.azure.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if gone := w.azure.DeleteDevice(ctx, w.device, ""); !errors.Is(gone, iothub.ErrNotFound) {
		err = errors.Join(err, gone)
	}
	return err
}

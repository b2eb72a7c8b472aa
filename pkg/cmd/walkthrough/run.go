package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
	"moduletwin/pkg/internal/trust"
	"moduletwin/pkg/iothub"
)

const (
	hubVariable = "IOTHUB_CONNECTION_STRING"

	// What the document shows in place of what differs from run to run.
	shownHost   = "localhost:8883"
	shownFolder = "/home/anna/.config"
	shownDevice = "myFirstDevice"

	patience = 20 * time.Second
)

// run is a document about to be played in a world made for it.
type run struct {
	player *player
	folder string // holds what the world needs, and goes with it
	clean  func() error
}

// prepare makes a world with a local hub that disturbs no other, or one with
// the hub of the environment.
func prepare(root string, doc *page.Page, azure bool, screen io.Writer) (*run, error) {
	folder, err := os.MkdirTemp("", "walkthrough-")
	if err != nil {
		return nil, err
	}
	w := &world{
		root:  root,
		bin:   filepath.Join(folder, "bin"),
		home:  filepath.Join(folder, "home"),
		azure: azure,
	}
	w.env = inherited()
	if !azure {
		w.env = append(w.env, homeVariables(w.home)...)
	}
	r := &run{
		player: &player{doc: doc, world: w, screen: screen, patience: patience},
		folder: folder,
		clean:  func() error { return nil },
	}
	if azure {
		err = r.useAzure(w)
	} else {
		err = r.useLocalHub(w)
	}
	if err == nil {
		err = os.MkdirAll(w.home, 0o700)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
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

func (r *run) useLocalHub(w *world) error {
	free, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	free.Close()
	_, port, err := net.SplitHostPort(free.Addr().String())
	if err != nil {
		return err
	}
	w.listen = "localhost:" + port
	r.player.dict = newDictionary(
		alias{shownHost, w.listen},
		alias{":8883", ":" + port},
		alias{shownFolder, configFolder(w.home)},
	)
	return nil
}

// useAzure takes a device of its own, so that nothing of the hub's owner is
// touched, and removes it in the end with its modules.
func (r *run) useAzure(w *world) error {
	if os.Getenv(hubVariable) == "" {
		return fmt.Errorf("%s is not set", hubVariable)
	}
	hub, err := iothub.ParseConnectionString(os.Getenv(hubVariable))
	if err != nil {
		return fmt.Errorf("%s: %w", hubVariable, err)
	}
	registry, err := iothub.NewRegistry(hub, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", hubVariable, err)
	}
	w.device = shownDevice + "-" + strings.ToLower(rand.Text()[:8])
	w.env = append(w.env, hubVariable+"="+hub.Reveal())
	if file := os.Getenv(trust.Variable); file != "" { // a proxy's, say
		w.env = append(w.env, trust.Variable+"="+file)
	}
	r.player.dict = newDictionary(
		alias{"HostName=" + shownHost, "HostName=" + hub.HostName},
		alias{shownDevice, w.device},
	)
	r.clean = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := registry.DeleteDevice(ctx, w.device, ""); !errors.Is(err, iothub.ErrNotFound) {
			return err
		}
		return nil
	}
	return nil
}

// check plays the document, makes all other checks, and cleans up.
func (r *run) check(ctx context.Context) []page.Problem {
	r.player.play(ctx)
	problems := slices.Concat(r.player.problems, r.player.doc.Check(os.DirFS(r.player.world.root), r.help(ctx)))
	if err := r.clean(); err != nil {
		problems = append(problems, page.Problem{Line: 1, Text: err.Error()})
	}
	slices.SortStableFunc(problems, func(a, b page.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return problems
}

// help returns what each of the programs that were built prints for -h.
func (r *run) help(ctx context.Context) map[string]string {
	help := make(map[string]string)
	programs, _ := os.ReadDir(r.player.world.bin) // without them, every flag is unknown
	for _, program := range programs {
		text, _ := exec.CommandContext(ctx, filepath.Join(r.player.world.bin, program.Name()), "-h").CombinedOutput()
		help[strings.TrimSuffix(program.Name(), ".exe")] = string(text)
	}
	return help
}

func (r *run) close() { os.RemoveAll(r.folder) }

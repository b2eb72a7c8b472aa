// Package programs builds programs of this module for tests that run them.
package programs

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds programs, named by their folders in the module, into folder.
func Build(folder string, names ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	args := []string{"build", "-o", folder + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "./"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return DependOnSources(root)
}

// Root returns the nearest folder from the working directory upwards that
// holds go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		err = fmt.Errorf("there is no go.mod here or above")
	}
	return "", err
}

// DependOnSources looks at all that programs of the module are built from.
// The go command notes what a test looks at, and does not take an old result
// for it when that has changed.
func DependOnSources(root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
}

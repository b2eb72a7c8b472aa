//go:build unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
)

func TestExposed(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "hub.db")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		path string
		mode fs.FileMode
		says string
	}{
		{folder, 0o700, ""},
		{folder, 0o755, ""},
		{folder, 0o775, "others may write to " + folder + "; to end that: chmod go-w '" + folder + "'"},
		{folder, 0o777, "others may write to " + folder},
		{file, 0o600, ""},
		{file, 0o640, "others may read the keys in " + file + "; to end that: chmod go-r '" + file + "'"},
		{file, 0o604, "others may read the keys in " + file},
		{file, 0o620, "others may write to " + file},
	} {
		if err := os.Chmod(row.path, row.mode); err != nil {
			t.Fatal(err)
		}
		if says := exposed(row.path); !strings.HasPrefix(says, row.says) || (says == "") != (row.says == "") {
			t.Errorf("%s with %o: %q, want %q", row.path, row.mode, says, row.says)
		}
	}
	if says := exposed(filepath.Join(folder, "none")); says != "" {
		t.Errorf("what does not exist: %q", says)
	}
}

// TestExposedAtStart checks the warning in the banner.
func TestExposedAtStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data") // created by the hub
	s := start(t, t.TempDir(), "-data", data, "-listen", "localhost:0")
	if strings.Contains(s.banner, "Warning") {
		t.Errorf("the banner is\n%s", s.banner)
	}
	s.end(t)
	file := filepath.Join(data, localhub.DataFile)
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	s = start(t, t.TempDir(), "-data", data, "-listen", "localhost:0")
	if !strings.Contains(s.banner, "\nWarning: others may read the keys in "+file+"; ") {
		t.Errorf("the banner is\n%s", s.banner)
	}
	s.end(t)
}

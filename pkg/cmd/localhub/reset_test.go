package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moduletwin/pkg/localhub"
)

// TestReset tries answers to the question whether to delete the data of a hub.
func TestReset(t *testing.T) {
	for answer, deleted := range map[string]bool{
		"yes\n": true, "Yes\r\n": true, " yes ": true,
		"": false, "\n": false, "y\n": false, "no\n": false, "yes, please\n": false, "\nyes\n": false,
	} {
		data := t.TempDir()
		keepSomething(t, data)
		var out strings.Builder
		err := reset(typed(answer), &out, data)
		_, left := os.Stat(filepath.Join(data, localhub.DataFile))
		if errors.Is(left, fs.ErrNotExist) != deleted || (err == nil) != deleted || strings.Contains(out.String(), "Deleted") != deleted {
			t.Errorf("after %q: %v, %v, %s", answer, left, err, out.String())
		}
		if err != nil && err.Error() != "nothing was deleted: you have to type the whole word yes; the hub was not started" {
			t.Errorf("after %q: %v", answer, err)
		}
		if !strings.Contains(out.String(), "This deletes "+filepath.Join(data, localhub.DataFile)+": ") {
			t.Errorf("before %q: %s", answer, out.String())
		}
	}
}

func keepSomething(t *testing.T, data string) {
	t.Helper()
	hub, err := localhub.Start(&localhub.Options{DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	hub.AddModule("d", "m")
	hub.Close()
}

// TestResetWhat checks that data in use is not deleted, that damaged data can
// be, and that there is no question if there is nothing to delete.
func TestResetWhat(t *testing.T) {
	data := t.TempDir()
	yes := func() (*bufio.Reader, *strings.Builder) { return typed("yes\n"), new(strings.Builder) }
	in, out := yes()
	if err := reset(in, out, data); err != nil || !strings.Contains(out.String(), "nothing to delete") {
		t.Errorf("an empty folder: %v, %s", err, out)
	}
	hub, err := localhub.Start(&localhub.Options{DataDir: data})
	if err != nil {
		t.Fatal(err)
	}
	in, out = yes()
	if err := reset(in, out, data); !errors.Is(err, localhub.ErrInUse) || out.Len() > 0 {
		t.Errorf("while a hub is running: %v, %s", err, out)
	}
	hub.Close()
	if err := os.WriteFile(filepath.Join(data, localhub.DataFile), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, out = yes()
	if err := reset(in, out, data); err != nil {
		t.Errorf("a damaged file: %v, %s", err, out)
	}
	keepSomething(t, data) // a hub can start there again
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"moduletwin/pkg/localhub"
)

// reset deletes the data of the hub after the user has confirmed that by typing
// yes. Any other answer is an error.
func reset(in *bufio.Reader, out io.Writer, data string) error {
	file := filepath.Join(data, localhub.DataFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(out, "There is nothing to delete in %s.\n\n", data)
		return nil
	}
	// Starting a hub without listeners keeps other hubs from starting
	// meanwhile. Errors other than ErrInUse, such as a damaged file, are no
	// reason not to delete the data.
	hub, err := localhub.Start(&localhub.Options{Listen: []string{}, DataDir: data})
	if errors.Is(err, localhub.ErrInUse) {
		return err
	}
	fmt.Fprintf(out, "This deletes %s: all devices and modules with their keys and twins,\n"+
		"the keys of the policies and the certificate. Connection strings copied before will be refused.\n"+
		"Type yes to delete it: ", file)
	answer, err := readLine(in)
	if !strings.HasSuffix(answer, "\n") {
		fmt.Fprintln(out)
	}
	if hub != nil {
		hub.Close() // Windows cannot delete an open file
	}
	if err != nil || !strings.EqualFold(strings.TrimSpace(answer), "yes") {
		return errors.New("nothing was deleted: you have to type the whole word yes; the hub was not started")
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	fmt.Fprint(out, "Deleted.\n\n")
	return nil
}

// isTerminal reports whether f is a terminal.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, _ := os.Stat(os.DevNull)
	return err == nil && info.Mode()&fs.ModeCharDevice != 0 && !os.SameFile(info, null)
}

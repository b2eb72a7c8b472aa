package sample

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"moduletwin/pkg/internal/commandline"
	"moduletwin/pkg/iothub"
)

// Variable is an environment variable that holds a connection string.
type Variable struct {
	name     string
	holds    string // what it holds, in words
	source   string // where to get it, in words
	validate func(iothub.ConnectionString) error
}

// HubVariable returns the variable of the service apps.
func HubVariable() Variable {
	return Variable{
		name:     "IOTHUB_CONNECTION_STRING",
		holds:    "connection string of a shared access policy of the hub",
		source:   "Paste into this window the line that " + filepath.FromSlash("bin/localhub") + " prints; in the Azure portal, the connection string is under \"Shared access policies\".",
		validate: iothub.ConnectionString.ValidatePolicy,
	}
}

// ModuleVariable returns the variable of the module app.
func ModuleVariable() Variable {
	return Variable{
		name:     "IOTHUB_MODULE_CONNECTION_STRING",
		holds:    "connection string of a module",
		source:   "Run " + filepath.FromSlash("bin/createmodule") + " in the window of the service apps, and paste " + commandline.LastLine(runtime.GOOS) + " into this one.",
		validate: iothub.ConnectionString.ValidateModule,
	}
}

// read returns the connection string in v, or an error with a hint.
func (v Variable) read() (iothub.ConnectionString, error) {
	value := os.Getenv(v.name)
	if value == "" {
		return iothub.ConnectionString{}, WithHint(fmt.Errorf("%s is not set: it has to be the %s", v.name, v.holds), v.source)
	}
	connection, err := iothub.ParseConnectionString(value)
	if err == nil {
		err = v.validate(connection)
	}
	if err != nil {
		return iothub.ConnectionString{}, WithHint(fmt.Errorf("%s: %w", v.name, err), v.source)
	}
	return connection, nil
}

// PrintAssignment prints the commands that set v to c in the shells of this
// system. They contain the key.
func (v Variable) PrintAssignment(c iothub.ConnectionString) error {
	lines := commandline.Paste(runtime.GOOS, commandline.Assignment{Name: v.name, Value: c.Reveal()})
	_, err := fmt.Println(strings.Join(lines, "\n"))
	return err
}

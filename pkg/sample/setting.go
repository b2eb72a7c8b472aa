package sample

import (
	"fmt"
	"os"
	"runtime"

	"moduletwin/pkg/internal/commandline"
	"moduletwin/pkg/iothub"
)

// Setting is a connection string in the environment.
type Setting struct {
	Variable string
	Holds    string // whose string it is
	Source   string // how to come by it
}

// Hub is the setting of the programs of the service side.
var Hub = Setting{
	Variable: "IOTHUB_CONNECTION_STRING",
	Holds:    "connection string of a shared access policy of the hub",
	Source:   "The local hub prints it when it starts (bin/localhub); in the Azure portal it is under \"Shared access policies\".",
}

// Module is the setting of the programs of the module side.
var Module = Setting{
	Variable: "IOTHUB_MODULE_CONNECTION_STRING",
	Holds:    "connection string of a module",
	Source:   "Createmodule prints the line to paste.",
}

func (s Setting) read() (iothub.ConnectionString, error) {
	value := os.Getenv(s.Variable)
	if value == "" {
		return iothub.ConnectionString{}, WithHint(fmt.Errorf("%s is not set: it has to be the %s", s.Variable, s.Holds), s.Source)
	}
	connection, err := iothub.ParseConnectionString(value)
	if err != nil {
		return iothub.ConnectionString{}, WithHint(fmt.Errorf("%s: %w", s.Variable, err), s.Source)
	}
	return connection, nil
}

// Print prints what sets s in the shells of this system.
func (s Setting) Print(c iothub.ConnectionString) (err error) {
	for _, line := range commandline.Paste(runtime.GOOS, commandline.Setting{Name: s.Variable, Value: c.Reveal()}) {
		_, err = fmt.Println(line)
	}
	return err
}

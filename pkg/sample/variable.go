package sample

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"moduletwin/pkg/internal/commandline"
	"moduletwin/pkg/iothub"
)

// Variable is an environment variable that holds a connection string.
type Variable struct {
	name   string
	holds  string // whose string it is
	source string // how to come by it
}

// HubVariable returns the variable of the programs of the service side.
func HubVariable() Variable {
	return Variable{
		name:   "IOTHUB_CONNECTION_STRING",
		holds:  "connection string of a shared access policy of the hub",
		source: "The local hub prints it when it starts (bin/localhub); in the Azure portal it is under \"Shared access policies\".",
	}
}

// ModuleVariable returns the variable of the programs of the module side.
func ModuleVariable() Variable {
	return Variable{
		name:   "IOTHUB_MODULE_CONNECTION_STRING",
		holds:  "connection string of a module",
		source: "Createmodule prints the line to paste.",
	}
}

// read returns the connection string in v. Its error says what is wrong with
// it, and has a hint.
func (v Variable) read() (iothub.ConnectionString, error) {
	value := os.Getenv(v.name)
	if value == "" {
		return iothub.ConnectionString{}, WithHint(fmt.Errorf("%s is not set: it has to be the %s", v.name, v.holds), v.source)
	}
	connection, err := iothub.ParseConnectionString(value)
	if err != nil {
		return iothub.ConnectionString{}, WithHint(fmt.Errorf("%s: %w", v.name, err), v.source)
	}
	return connection, nil
}

// PrintAssignment prints the lines that set v to c in the shells of this
// system. They hold the key.
func (v Variable) PrintAssignment(c iothub.ConnectionString) error {
	lines := commandline.Paste(runtime.GOOS, commandline.Assignment{Name: v.name, Value: c.Reveal()})
	_, err := fmt.Println(strings.Join(lines, "\n"))
	return err
}

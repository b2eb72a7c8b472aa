package main

import (
	"fmt"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/sample"
)

// printKey prints the primary key of an identity. It fails if there is none.
func printKey(identity string, key iothub.Key) error {
	if key.IsZero() {
		return sample.WithHint(fmt.Errorf("%s has no symmetric key: it was created to sign in differently, for example with a certificate", identity),
			"Choose another id, with -device or -module.")
	}
	_, err := fmt.Printf("%s has primary key = %s\n", identity, key.Reveal())
	return err
}

// printConnectionString prints the connection string of a module, and the
// command that sets it in the window of the module app.
func printConnectionString(module iothub.ConnectionString) error {
	if err := module.Validate(); err != nil {
		return fmt.Errorf("%s has no connection string: %v", module.Owner(), err) // %v, because it is not wrong usage
	}
	if _, err := fmt.Printf("module connection string = %s\n\n", module.Reveal()); err != nil {
		return err
	}
	return sample.ModuleVariable().PrintAssignment(module)
}

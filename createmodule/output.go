package main

import (
	"fmt"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/sample"
)

// printKey prints the primary key of an identity, or says why it has none.
func printKey(identity string, key iothub.Key) error {
	if key.IsZero() {
		return sample.WithHint(fmt.Errorf("%s has no symmetric key: it was created to sign in otherwise, as with a certificate", identity),
			"Choose another id, with -device or -module.")
	}
	_, err := fmt.Printf("%s has primary key = %s\n", identity, key.Reveal())
	return err
}

// printConnectionString prints the connection string of a module, and what
// sets it in the window where the module runs.
func printConnectionString(module iothub.ConnectionString) error {
	if err := module.Validate(); err != nil {
		return fmt.Errorf("%s has no connection string: %v", module.Owner(), err) // not one of usage
	}
	if _, err := fmt.Printf("module connection string = %s\n\n", module.Reveal()); err != nil {
		return err
	}
	return sample.ModuleVariable().PrintAssignment(module)
}

package main

import (
	"encoding/json"
	"fmt"
	"os"

	"moduletwin/pkg/iothub"
)

// show prints the properties of a twin. Package iothub escapes characters that
// control a terminal.
func show(title string, properties iothub.TwinProperties) error {
	fmt.Printf("\n%s\n", title)
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(properties)
}

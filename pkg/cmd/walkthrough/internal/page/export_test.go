package page

// DirectiveNames returns the names of all directives.
func DirectiveNames() map[string]bool {
	names := map[string]bool{"exit": true}
	words, values := new(Directive).fields()
	for name := range words {
		names[name] = true
	}
	for name := range values {
		names[name] = true
	}
	return names
}

package rest

import (
	"net/http"
	"strings"

	"moduletwin/pkg/localhub/internal/registry"
)

// identityMatch returns the condition of a change of an identity, with or
// without quotes around the ETag.
func identityMatch(header http.Header) registry.Match {
	match, _ := ifMatch(header)
	return match
}

// twinMatch is identityMatch for twins, where an ETag without quotes is
// ignored.
func twinMatch(header http.Header) registry.Match {
	match, quoted := ifMatch(header)
	if !quoted {
		return ""
	}
	return match
}

func ifMatch(header http.Header) (match registry.Match, quoted bool) {
	text := strings.TrimSpace(header.Get("If-Match"))
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return registry.Match(text[1 : len(text)-1]), true
	}
	return registry.Match(text), false
}

package rest

import (
	"net/http"
	"strings"

	"moduletwin/pkg/localhub/internal/huberror"
	"moduletwin/pkg/localhub/internal/registry"
)

// identityMatch returns the condition for changing an identity. The ETag need
// not be in quotes, as the official Java SDK sends it without them.
func identityMatch(header http.Header) (registry.Match, error) {
	match, _, err := ifMatch(header)
	return match, err
}

// twinMatch is identityMatch for twins. Like Azure, it ignores an ETag without
// quotes, see azure-iot-sdk-node#606, and it logs a warning about that.
func (s *Server) twinMatch(r *request) (registry.Match, error) {
	match, quoted, err := ifMatch(r.Header)
	if err == nil && !quoted {
		s.Log.Warn("If-Match is ignored, as in Azure: the ETag of a twin has to be in quotes", "twin", r.id)
		return nil, nil
	}
	return match, err
}

// ifMatch reads the If-Match header fields of a request. If there are none, or
// just the empty ETag, there is no condition. quoted is false for a single ETag
// without quotes. A malformed condition is refused as one that is not met.
func ifMatch(header http.Header) (match registry.Match, quoted bool, err error) {
	text := strings.Trim(strings.Join(header.Values("If-Match"), ","), " \t")
	switch {
	case text == "" || text == `""`:
		return nil, true, nil
	case text == registry.AnyETag:
		return registry.Match{text}, true, nil
	case !strings.ContainsAny(text, "\", \t"):
		return registry.Match{text}, false, nil
	}
	for rest := text; rest != ""; rest = strings.TrimLeft(rest, ", \t") {
		var etag string
		if etag, rest = cutETag(rest); etag == "" {
			return nil, true, huberror.PreconditionFailed("Precondition failed: Invalid ETag")
		}
		match = append(match, unquote(etag))
	}
	return match, true, nil
}

// cutETag cuts the first ETag, including its quotes, off a list of ETags as in
// section 8.8.3 of RFC 9110. It returns "" if the list does not begin with one.
func cutETag(list string) (etag, rest string) {
	opened := strings.TrimPrefix(list, "W/")
	if !strings.HasPrefix(opened, `"`) {
		return "", list
	}
	length := strings.IndexByte(opened[1:], '"')
	if length < 0 {
		return "", list
	}
	end := len(list) - len(opened) + length + 2
	etag, rest = list[:end], strings.TrimLeft(list[end:], " \t")
	if rest != "" && rest[0] != ',' {
		return "", list
	}
	return etag, rest
}

// unquote returns an ETag without its quotes. It leaves a weak ETag as it is,
// so that it never matches, see section 13.1.1 of RFC 9110.
func unquote(etag string) string {
	if etag[0] == 'W' {
		return etag
	}
	return etag[1 : len(etag)-1]
}

package iothub

// escape escapes everything except letters, digits and -_.~, in paths and in
// tokens. That is more than [url.PathEscape] does: ids may contain characters
// that mean something in a URL, and servers disagree about a bare "+", "=" or
// ";".
func escape(s string) string { return string(appendEscaped(nil, s)) }

// appendEscaped appends s, escaped, to b.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		if isUnreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// isUnreserved reports whether c never needs escaping. See RFC 3986, section
// 2.3.
func isUnreserved(c byte) bool {
	switch c {
	case '-', '_', '.', '~':
		return true
	default:
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
}

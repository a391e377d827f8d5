package draw

import _ "embed"

// StyleSheet is the page's, of whose colours the pictures are, too.
//
//go:embed style.css
var StyleSheet []byte

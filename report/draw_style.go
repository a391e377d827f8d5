package report

import _ "embed"

// styleSheet is the page's, of whose colours the pictures are, too.
//
//go:embed html/style.css
var styleSheet []byte

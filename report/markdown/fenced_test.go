package markdown

import (
	"strings"
	"testing"
)

func TestWriteFenced(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\n":          "```\na\nb\n```\n",
		"a":               "```\na\n```\n",
		"a ``` b\n````\n": "`````\na ``` b\n````\n`````\n",
	} {
		var b strings.Builder
		if err := WriteFenced(&b, in); err != nil || b.String() != want {
			t.Errorf("WriteFenced(%q) = %q, %v", in, b.String(), err)
		}
	}
}

package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	gfmtext "github.com/yuin/goldmark/text"
)

// checkMarkdown parses a document by the rules of GFM: its tables are tables, its
// HTML is that of the folded parts, and nothing else in it has a meaning but bold
// type.
func checkMarkdown(t *testing.T, name, document string) {
	t.Helper()
	source := []byte(document)
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gfmtext.NewReader(source))
	rows, depth := 0, 0
	err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.HTMLBlock:
			html := string(n.Lines().Value(source))
			switch {
			case strings.HasPrefix(html, "<details>\n<summary>") && regexp.MustCompile(`^<details>\n<summary>[^<>]*(<code>[^<>]*</code>)?</summary>\n$`).MatchString(html):
				depth++
			case html == "</details>\n" || html == "</details>":
				depth--
			default:
				t.Errorf("%s: HTML %q", name, html)
			}
		case *ast.RawHTML:
			if html := string(n.Segments.Value(source)); html != "<br>" {
				t.Errorf("%s: HTML %q in a line", name, html)
			}
		case *ast.Link, *ast.AutoLink, *ast.Image, *east.Strikethrough, *east.TaskCheckBox, *ast.ThematicBreak, *ast.CodeBlock:
			t.Errorf("%s: a %s", name, n.Kind())
		case *ast.Emphasis:
			if n.Level != 2 {
				t.Errorf("%s: emphasis", name)
			}
		case *ast.Text:
			if n.Parent().Kind() == ast.KindCodeSpan {
				break
			}
			if words := string(n.Value(source)); regexp.MustCompile(`[@\\$]|#\w|:\w+:|https?:|\bwww\.`).MatchString(words) {
				t.Errorf("%s: GitHub might find a meaning in %q", name, words)
			}
		case *east.TableHeader, *east.TableRow:
			rows++
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if t.Failed() {
		t.Log(document)
	}
	if depth != 0 {
		t.Errorf("%s: %d folded parts have no end", name, depth)
	}

	// Every line of a table is one to the parser, and has as many cells as its head.
	lines, cells, fence := 0, 0, ""
	for line := range strings.Lines(document) {
		if begins := regexp.MustCompile("^`{3,}$").FindString(strings.TrimSuffix(line, "\n")); begins != "" && (fence == "" || strings.HasPrefix(begins, fence)) {
			if fence == "" {
				fence = begins
			} else {
				fence = ""
			}
		}
		if fence != "" || !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := len(regexp.MustCompile(`(\\.|[^|\\])*\|`).FindAllString(strings.TrimSuffix(line, "\n"), -1)) // as cmark-gfm's scanner parts them
		if cells == 0 {
			cells = n
		}
		if n != cells {
			t.Errorf("%s: %d cells, and %d in the head: %s", name, n-1, cells-1, line)
		}
		if !regexp.MustCompile(`^\| :?--`).MatchString(line) {
			lines++
		}
	}
	if rows != lines {
		t.Errorf("%s: %d lines of tables are %d rows to the parser", name, lines, rows)
	}
}

// Package help is the manual: a page for each command and topic, as text for a terminal
// (pages.go), in its parts (page.go), and as pages for man(1) (man.go).
package help

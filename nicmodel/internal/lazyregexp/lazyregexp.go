// Package lazyregexp compiles regular expressions when they are first asked for: all of
// nicmodel take longer than the replay of a short capture, which needs none.
package lazyregexp

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression that is compiled once, when it is first asked for.
type Regexp struct {
	text string
	once sync.Once
	re   *regexp.Regexp
}

// New is regexp.MustCompile, later.
func New(text string) *Regexp { return &Regexp{text: text} }

func (l *Regexp) compiled() *regexp.Regexp {
	l.once.Do(func() { l.re = regexp.MustCompile(l.text) })
	return l.re
}

func (l *Regexp) MatchString(s string) bool { return l.compiled().MatchString(s) }

func (l *Regexp) FindStringSubmatch(s string) []string { return l.compiled().FindStringSubmatch(s) }

func (l *Regexp) FindAllString(s string, n int) []string { return l.compiled().FindAllString(s, n) }

func (l *Regexp) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return l.compiled().FindAllStringSubmatchIndex(s, n)
}

func (l *Regexp) ReplaceAllString(s, with string) string {
	return l.compiled().ReplaceAllString(s, with)
}

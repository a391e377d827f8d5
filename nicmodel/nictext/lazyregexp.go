package nictext

import (
	"regexp"
	"sync"
)

// lazyRegexp is a regular expression that is compiled when it is first asked for:
// all of them take longer than the replay of a short capture, which needs none.
type lazyRegexp struct {
	text string
	once sync.Once
	re   *regexp.Regexp
}

// lazily is regexp.MustCompile, later.
func lazily(text string) *lazyRegexp { return &lazyRegexp{text: text} }

func (l *lazyRegexp) compiled() *regexp.Regexp {
	l.once.Do(func() { l.re = regexp.MustCompile(l.text) })
	return l.re
}

func (l *lazyRegexp) MatchString(s string) bool { return l.compiled().MatchString(s) }

func (l *lazyRegexp) FindStringSubmatch(s string) []string { return l.compiled().FindStringSubmatch(s) }

func (l *lazyRegexp) FindAllString(s string, n int) []string { return l.compiled().FindAllString(s, n) }

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"rssreplay/nicmodel/profile"
	"rssreplay/report/text"
)

// What was probably meant, where the edit distance alone would not tell.

// formatFlags are what other programs have as flags of their own.
var formatFlags = []string{"json", "csv", "html", "markdown", "md", "mail", "text", "txt", "table"}

// formatHint is what to write instead of --json and its like; "" for other flags.
func formatHint(flag string) string {
	if !slices.Contains(formatFlags, flag) {
		return ""
	}
	format := map[string]string{"md": "markdown", "text": "table", "txt": "table"}[flag]
	if format == "" {
		format = flag
	}
	if format == "html" {
		return "--output report.html"
	}
	return "--format " + format
}

// mainJob are names that other programs give to what this one does without any.
var mainJob = []string{"replay", "run", "read", "analyze", "analyse", "simulate", "show"}

// wiresharkField is a display filter's field and its operator: tcp.port == 443.
var wiresharkField = regexp.MustCompile(`^(ip|ipv6|tcp|udp|sctp)\.(port|srcport|dstport|addr|src|dst|host)\s*(==|eq)\s*(\S+)$`)

// filterHint is a display filter of Wireshark's in libpcap's language: "" for what is
// none, or too much to translate.
func filterHint(expr string) string {
	m := wiresharkField.FindStringSubmatch(strings.TrimSpace(expr))
	if m == nil {
		if strings.Contains(expr, "==") && regexp.MustCompile(`\b(ip|ipv6|tcp|udp|frame|eth)\.\w+`).MatchString(expr) {
			return "this is Wireshark's language; libpcap's has no dots: 'tcp port 443 and host 192.0.2.1'"
		}
		return ""
	}
	word := map[string]string{"port": "port", "srcport": "src port", "dstport": "dst port", "addr": "host", "host": "host", "src": "src host", "dst": "dst host"}[m[2]]
	protocol := m[1] + " "
	if strings.Contains(word, "host") { // the address says which IP it is
		protocol = ""
	}
	return fmt.Sprintf("this is Wireshark's language; libpcap's is --filter '%s%s %s'", protocol, word, m[4])
}

// keyHint is for a file that was given as the key.
func keyHint(key string) string {
	if strings.HasPrefix(key, "/") || strings.HasPrefix(key, "./") || strings.HasPrefix(key, "~") {
		return "--key @" + key
	}
	if _, err := os.Stat(key); key != "" && !errors.Is(err, fs.ErrNotExist) {
		return "--key @" + key
	}
	return ""
}

// nicHint is the profile that was probably meant.
func nicHint(name string) string {
	var names []string
	for _, p := range profile.All() {
		names = append(names, p.Name)
	}
	return nearest(names, strings.ToLower(name))
}

// layoutRules are the first words of --layout.
var layoutRules = []string{"equal", "reversed", "block", "weight", "list", "file", "cpus", "windows", "default"}

// layoutHint is the layout with its first word as it was probably meant.
func layoutHint(layout string) string {
	rule, rest, parted := strings.Cut(layout, ":")
	near := nearest(layoutRules, rule)
	if near == "" || near == rule {
		return ""
	}
	if parted {
		near += ":" + rest
	}
	return near
}

// sectionHint is the section of --show that was probably meant.
func sectionHint(section string) string { return nearest(text.Sections, section) }

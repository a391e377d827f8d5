package anonymize

import (
	"net"
	"net/netip"
	"strings"

	"rssreplay/report/internal/words"
)

// filePrefixes stand before a file's name in some flags' values.
var filePrefixes = []string{"@", "file:"}

// File is a file's name without its folders, and no name at all where an address is part
// of it. path may have what some flags' values have before a file's name; "-" is standard
// input.
func (a *Anonymizer) File(path string) string {
	if a == nil || path == "" {
		return path
	}
	for _, prefix := range filePrefixes {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return prefix + a.File(rest)
		}
	}
	name := words.BaseName(path)
	if hasAddress(name) {
		return Withheld
	}
	return name
}

// Bundle is the name of all the files of a bundle, given as they go by. Support tools put the
// host's into the bundle's, as sosreport-HOST-2026-01-31.tar.xz, and people those of
// interfaces into the files'.
func (a *Anonymizer) Bundle(file string) string {
	if a == nil {
		return file
	}
	return "the bundle"
}

// value is the value of a parameter, or of its flag, as far as it names a file.
func (a *Anonymizer) value(parameter, value string) string {
	switch before, path, ok := strings.Cut(value, "="); {
	case parameter == "key" && strings.Trim(value, "0123456789abcdefABCDEF:") == "": // between whose digits colons may stand as in a MAC address
		return value
	case ok && (parameter == "context" || parameter == "table-at" || parameter == "affinity-at"):
		return before + "=" + a.File(path)
	}
	return a.File(value)
}

// timed is TIME=FILE, as the flags of changes have it.
func (a *Anonymizer) timed(given string) string {
	if time, path, ok := strings.Cut(given, "="); ok {
		return a.File(time) + "=" + a.File(path)
	}
	return a.File(given)
}

// hasAddress tells whether part of a file's name is an IP or MAC address, in the spellings
// that such names have: 10.0.0.1, 10-0-0-1, fe80::1, fe80--1, 02-00-00-00-00-01,
// 0200.0000.0001, 02000000000a.
func hasAddress(name string) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	alnum := func(c byte) bool { return digit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' }
	for from := range len(name) {
		inNumber := from > 0 && digit(name[from-1]) && digit(name[from])
		inWord := from > 0 && alnum(name[from-1]) && alnum(name[from])
		for to := from + 1; to <= min(len(name), from+len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")); to++ {
			if c := name[to-1]; !alnum(c) && !strings.ContainsRune(".:-_", rune(c)) {
				break
			}
			part := name[from:to]
			if !inNumber && (to == len(name) || !digit(name[to])) && isIPv4(part) {
				return true
			}
			if !inWord && (to == len(name) || !alnum(name[to])) && isLong(part) {
				return true
			}
		}
	}
	return false
}

func isIPv4(s string) bool {
	addr, err := netip.ParseAddr(strings.NewReplacer("-", ".", "_", ".").Replace(s))
	return err == nil && addr.Is4()
}

// isLong tells whether s is an IPv6 or a MAC address.
func isLong(s string) bool {
	const macDigits = 12
	if !strings.ContainsAny(s, ".:-_") {
		// Without a letter it is a date rather.
		return len(s) == macDigits && strings.Trim(s, "0123456789abcdefABCDEF") == "" && strings.ContainsAny(s, "abcdefABCDEF")
	}
	colons := strings.NewReplacer("-", ":", "_", ":", ".", ":").Replace(s)
	for _, spelling := range []string{s, colons, strings.ReplaceAll(colons, ":", ".")} {
		if addr, err := netip.ParseAddr(spelling); err == nil && addr.Is6() && s != "::" {
			return true
		}
		if _, err := net.ParseMAC(spelling); err == nil {
			return true
		}
	}
	return false
}

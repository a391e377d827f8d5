package nictext

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel/internal/lazyregexp"
)

var keyLine = lazyregexp.New(`^([0-9a-fA-F]{2}:){39,}[0-9a-fA-F]{2}$`)

// KeyFile is a hash key that a file held.
type KeyFile struct{ Key hash.Key }

// ReadKey reads a key of at least 40 bytes, on a line of its own in any form that
// hash.ParseKey knows, or as a C array over several: /proc/sys/net/core/netdev_rss_key,
// whose 52 bytes (256 in newer kernels) begin with the key of every NIC that uses it,
// testpmd's `show port 0 rss-hash key`, FreeBSD's `sysctl net.inet.rss.key`.
//
// Sources: Linux 6.12, net/core/dev.c; DPDK, app/test-pmd/config.c
// (port_rss_hash_conf_show); FreeBSD, sys/net/rss_config.c.
func ReadKey(r io.Reader, name string) (*KeyFile, error) {
	return readText(r, name, func(lines []string) (*KeyFile, error) {
		var found *KeyFile
		first := 0
		for i, line := range lines {
			if i > 0 && strings.HasSuffix(lines[i-1], ",") {
				continue // the end of an array
			}
			key, err := keyOf(line)
			switch {
			case err != nil:
				return nil, &TextError{Line: i + 1, What: err.Error(), Hint: "give one whole key, of 40 or 52 bytes"}
			case key == nil:
				continue
			case found != nil && found.Key.String() != key.String():
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("another key than on line %d", first), Hint: "give one key"}
			}
			found, first = &KeyFile{key}, i+1
		}
		if found == nil { // over several lines
			whole := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
				return line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
			})
			text := strings.Join(whole, " ")
			if strings.Count(text, "{") == 1 { // the declaration of an array
				text = text[strings.Index(text, "{"):]
				text = text[:strings.Index(text+"}", "}")] + "}"
			}
			if key, err := hash.ParseKey(text); err == nil && len(key) >= minNICKey && key.Name() != text {
				found, first = &KeyFile{key}, slices.Index(lines, whole[0])+1
			}
		}
		switch {
		case found != nil && bytes.Count(found.Key, []byte{0}) == len(found.Key):
			return nil, &TextError{Line: first, What: "the key is all zeros: the host has not drawn one yet", Hint: "it is drawn when the first NIC that uses it starts; take the key from there, or from the NIC's own ethtool -x"}
		case found != nil:
			return found, nil
		}
		for i, line := range lines {
			if line == notSupported {
				return nil, &TextError{Line: i + 1, What: "the driver shows no key", Hint: "Linux has it in /proc/sys/net/core/netdev_rss_key"}
			}
			if line != "" && line[0] != '#' {
				return nil, &TextError{Line: i + 1, What: "is no hash key", Hint: "give 40 or 52 bytes in hexadecimal, as /proc/sys/net/core/netdev_rss_key has them"}
			}
		}
		return nil, &TextError{What: "is empty", Hint: "give /proc/sys/net/core/netdev_rss_key"}
	})
}

// keyOf is the key that is all of a line; nil if it is another line. What looks like
// one and has another length than a key's is an error.
func keyOf(line string) (hash.Key, error) {
	line = keyAlone(line)
	digits := 0
	for _, r := range line {
		if strings.ContainsRune("0123456789abcdefABCDEF", r) {
			digits++
		}
	}
	if !keyLike.MatchString(line) || digits < 2*16 {
		return nil, nil
	}
	key, err := hash.ParseKey(line)
	if err != nil {
		return nil, err
	}
	if len(key) < minNICKey {
		return nil, fmt.Errorf("key of %d bytes: NICs have 40 or 52", len(key))
	}
	return key, nil
}

// keyAlone is the line without the name of Linux's file of the key, as sysctl and grep print
// it, and without quotation marks.
func keyAlone(line string) string {
	if i := strings.LastIndex(line, "netdev_rss_key"); i >= 0 {
		line = strings.TrimLeft(line[i+len("netdev_rss_key"):], ":= ")
	}
	return strings.Trim(line, "\"'`")
}

// keyLike is a line of hexadecimal digits in any of the spellings of a key, or with a
// label before it. One that ends in a comma goes on.
var keyLike = lazyregexp.New(`(?i)^(?:(?:rss(?: hash)? key|net\.inet\.rss\.key|key)\s*[:=]\s*)?\{?\s*(?:(?:0x)?[0-9a-f]+[ \t,:]+)*(?:0x)?[0-9a-f]+\s*\}?;?$`)

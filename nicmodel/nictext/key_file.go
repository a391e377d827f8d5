package nictext

import (
	"bytes"
	"fmt"
	"io"

	"rssreplay/hash"
)

var keyLine = lazily(`^([0-9a-fA-F]{2}:){39,}[0-9a-fA-F]{2}$`)

// KeyFile is a hash key that a file held.
type KeyFile struct{ Key hash.Key }

// ReadKey reads a key of at least 40 bytes in hexadecimal with colons between, on
// a line of its own: /proc/sys/net/core/netdev_rss_key, whose 52 bytes (256 in
// newer kernels) begin with the key of every NIC that uses it.
func ReadKey(r io.Reader, name string) (*KeyFile, error) {
	return readText(r, name, func(lines []string) (*KeyFile, error) {
		var found *KeyFile
		first := 0
		for i, line := range lines {
			if !keyLine.MatchString(line) {
				continue
			}
			key, err := hash.ParseKey(line)
			switch {
			case err != nil:
				return nil, &TextError{Line: i + 1, What: err.Error(), Hint: "give one whole key"}
			case found != nil && found.Key.String() != key.String():
				return nil, &TextError{Line: i + 1, What: fmt.Sprintf("another key than on line %d", first), Hint: "give one key"}
			}
			found, first = &KeyFile{key}, i+1
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
				return nil, &TextError{Line: i + 1, What: "is no hash key", Hint: "give 40 bytes or more in hexadecimal with a colon between each two, as /proc/sys/net/core/netdev_rss_key has them"}
			}
		}
		return nil, &TextError{What: "is empty", Hint: "give /proc/sys/net/core/netdev_rss_key"}
	})
}

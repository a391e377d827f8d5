package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"

	"rssreplay/report/anonymize"
)

// anonymizeFlags make a report fit to be shown to others.
type anonymizeFlags struct {
	on       bool
	key      string // the path of a file
	ports    bool
	keepHash bool
}

func (f *anonymizeFlags) add(set *pflag.FlagSet) {
	set.BoolVar(&f.on, "anonymize", false, "")
	set.StringVar(&f.key, "anonymize-key", "", "")
	set.BoolVar(&f.ports, "anonymize-ports", false, "")
}

// addWithHash is add where the result has hashes.
func (f *anonymizeFlags) addWithHash(set *pflag.FlagSet) {
	f.add(set)
	set.BoolVar(&f.keepHash, "keep-hash", false, "")
}

// check refuses flags that lack another.
func (f *anonymizeFlags) check() error {
	if !f.on {
		for _, flag := range []struct {
			given bool
			name  string
		}{{f.key != "", "anonymize-key"}, {f.ports, "anonymize-ports"}, {f.keepHash, "keep-hash"}} {
			if flag.given {
				return usagef("--%s says how to anonymize: give --anonymize, too", flag.name)
			}
		}
	}
	return nil
}

// inputs are the files that are read.
func (f *anonymizeFlags) inputs() []string {
	if f.key == "" {
		return nil
	}
	return []string{f.key}
}

// resolve checks the flags and reads the key, or makes one. paths are those that the
// report may name. It is nil without --anonymize.
func (f *anonymizeFlags) resolve(paths []string) (*anonymize.Anonymizer, error) {
	if err := f.check(); err != nil || !f.on {
		return nil, err
	}
	with := anonymize.Anonymization{Ports: f.ports, KeepHash: f.keepHash, Paths: paths}
	if f.key == "" {
		rand.Read(with.Key[:]) // never fails
		return anonymize.New(with), nil
	}
	file, err := os.Open(f.key)
	if err != nil {
		return nil, usagef("--anonymize-key %s: %w: `head -c 32 /dev/urandom > key` makes one", f.key, cause(err))
	}
	defer file.Close()
	const longest = 2*anonymize.AnonymizeKeySize + len("\r\n")
	text, err := io.ReadAll(io.LimitReader(file, int64(longest)+1))
	if err != nil {
		return nil, fmt.Errorf("--anonymize-key %s: %w", f.key, cause(err))
	}
	key := text
	if len(text) != anonymize.AnonymizeKeySize {
		if key, err = hex.DecodeString(string(bytes.TrimSpace(text))); err != nil || len(key) != anonymize.AnonymizeKeySize {
			return nil, usagef("--anonymize-key %s holds no key: it must have 32 bytes, or 64 hexadecimal digits; `head -c 32 /dev/urandom > key` makes one", f.key)
		}
	}
	copy(with.Key[:], key)
	return anonymize.New(with), nil
}

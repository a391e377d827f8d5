package output

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/report/anonymize"
)

// AnonymizeFlags make a report fit to be shown to others.
type AnonymizeFlags struct {
	On       bool
	key      string // the path of a file
	ports    bool
	KeepHash bool
}

// AddAnonymize adds what anonymizes a result.
func (f *Flags) AddAnonymize() {
	f.set.BoolVar(&f.Anonymize.On, "anonymize", false, "")
	f.set.StringVar(&f.Anonymize.key, "anonymize-key", "", "")
	f.set.BoolVar(&f.Anonymize.ports, "anonymize-ports", false, "")
}

// AddAnonymizeHash is AddAnonymize where the result has hashes.
func (f *Flags) AddAnonymizeHash() {
	f.AddAnonymize()
	f.set.BoolVar(&f.Anonymize.KeepHash, "keep-hash", false, "")
}

// Check refuses flags that lack another.
func (f *AnonymizeFlags) Check() error {
	if !f.On {
		for _, flag := range []struct {
			given bool
			name  string
		}{{f.key != "", "anonymize-key"}, {f.ports, "anonymize-ports"}, {f.KeepHash, "keep-hash"}} {
			if flag.given {
				return cli.Usagef("--%s says how to anonymize: give --anonymize, too", flag.name)
			}
		}
	}
	return nil
}

// inputs are the files that are read.
func (f *AnonymizeFlags) inputs() []string {
	if f.key == "" {
		return nil
	}
	return []string{f.key}
}

// resolve checks the flags and reads the key, or makes one. It is nil without
// --anonymize.
func (f *AnonymizeFlags) resolve() (*anonymize.Anonymizer, error) {
	if err := f.Check(); err != nil || !f.On {
		return nil, err
	}
	with := anonymize.Config{Ports: f.ports, KeepHash: f.KeepHash}
	if f.key == "" {
		rand.Read(with.Key[:]) // never fails
		return anonymize.New(with), nil
	}
	file, err := os.Open(f.key)
	if err != nil {
		return nil, cli.Usagef("--anonymize-key %s: %w: `head -c 32 /dev/urandom > key` makes one", f.key, cli.Cause(err))
	}
	defer file.Close()
	const longest = 2*anonymize.KeySize + len("\r\n")
	text, err := io.ReadAll(io.LimitReader(file, int64(longest)+1))
	if err != nil {
		return nil, fmt.Errorf("--anonymize-key %s: %w", f.key, cli.Cause(err))
	}
	key := text
	if len(text) != anonymize.KeySize {
		if key, err = hex.DecodeString(string(bytes.TrimSpace(text))); err != nil || len(key) != anonymize.KeySize {
			return nil, cli.Usagef("--anonymize-key %s holds no key: it must have 32 bytes, or 64 hexadecimal digits; `head -c 32 /dev/urandom > key` makes one", f.key)
		}
	}
	copy(with.Key[:], key)
	return anonymize.New(with), nil
}

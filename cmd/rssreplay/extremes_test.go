package main

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"rssreplay/cmd/rssreplay/internal/cli"
)

// statusOf runs the program in this process, with nothing on standard input.
func statusOf(args ...string) (status int, stdout, stderr string) {
	var out, err strings.Builder
	status = run(append([]string{"rssreplay"}, args...), strings.NewReader(""), &out, &err)
	return status, out.String(), err.String()
}

// stated finds the limits that a message states.
var stated = regexp.MustCompile(`must be from (\S+) to ([0-9][0-9a-z.]*)`)

// TestExtremeFlags: every numeric flag of every command takes 0, 1 and the greatest
// number of its type, or refuses it as wrong usage; a limit that it states is
// accepted, and the same is counted whether or not somebody observes.
func TestExtremeFlags(t *testing.T) {
	samples := filepath.Join(repository(t), "pcaps", "samples")
	root := newRootCommand(&cli.Env{})
	commands := map[string][]string{"": {filepath.Join(samples, "vlan.pcap"), "--mode", "all", "--format", "json"}}
	for name, args := range map[string][]string{
		"suggest": {"vlan.pcap"}, "explain": {"vlan.pcap"}, "verify": {"queues.pcapng"},
	} {
		commands[name] = append([]string{name, filepath.Join(samples, args[0])}, args[1:]...)
	}
	commands["plan"] = []string{"plan", "192.0.2.1", "192.0.2.2:80"}
	tried := 0
	for name, base := range commands {
		c, _, err := root.Find(strings.Fields(name))
		if err != nil {
			t.Fatal(err)
		}
		accepts := func(f *pflag.Flag, value string) (says string, ok bool) {
			tried++
			status, _, stderr := statusOf(slices.Concat(base, []string{"--" + f.Name, value})...)
			if status == exitFailed || status == exitUsage && (strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--"+f.Name)) {
				t.Errorf("%s --%s %s: exit status %d, %s", name, f.Name, value, status, stderr)
			}
			return stderr, status != exitUsage
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if name != "" && root.Flags().Lookup(f.Name) != nil {
				return // the same code reads it
			}
			values := []string{"0", "1", fmt.Sprint(int64(math.MaxInt64)), fmt.Sprint(uint64(math.MaxUint64))}
			switch kind := f.Value.Type(); {
			case kind == "int" || kind == "int64" || kind == "uint64" || kind == "usecs" || kind == "ns/byte":
			case kind == "duration":
				values = []string{"0s", "1ns", "2562047h47m16.854775807s", "2562047h48m"}
			case slices.Contains([]string{"cpus", "flows", "isr-cpu", "keys", "speed", "target"}, f.Name): // numbers, or words
			default:
				return
			}
			if testing.Short() {
				values = values[2:3]
			}
			for _, value := range values {
				says, ok := accepts(f, value)
				limits := stated.FindStringSubmatch(says)
				if ok || limits == nil || f.Name == "keys" || f.Name == "base-cpu" {
					continue
				}
				for _, limit := range limits[1:] {
					// A ring is as large as it says; a moment's wait needs a timer.
					if says, ok := accepts(f, limit); !ok && stated.MatchString(says) {
						t.Errorf("%s --%s states the limit %s, and refuses it: %s", name, f.Name, limit, says)
					}
				}
				if name != "" || testing.Short() {
					continue
				}
				// Who observes gets the plain engines.
				args := slices.Concat(base, []string{"--" + f.Name, limits[2]})
				_, alone, _ := statusOf(args...)
				_, observed, _ := statusOf(append(args, "--trace", filepath.Join(t.TempDir(), "trace"), "--trace-to", "1ns")...)
				counted := func(report string) string { return report[strings.Index(report, `"modes"`)+1:] }
				if counted(alone) != counted(observed) {
					t.Errorf("--%s %s: not the same with --trace", f.Name, limits[2])
				}
			}
		})
	}
	if tried < 30 {
		t.Errorf("only %d values were tried", tried)
	}
}

package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"rssreplay/pcaps/file"
	"rssreplay/report"
)

// version is set by release builds: -ldflags "-X rssreplay/cmd/rssreplay/internal/cli.version=1.2.3".
var version = ""

// Tool says what this program is: its version, or the commit it was built from.
func Tool() report.Tool {
	t := report.Tool{Name: "rssreplay", Version: version, Go: runtime.Version()}
	if t.Version != "" {
		return t
	}
	t.Version = "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				t.Version = "devel-" + s.Value[:12]
			}
		}
	}
	return t
}

// VersionLine is the program with its version, and what it was built with and for.
func VersionLine() string {
	t := Tool()
	return fmt.Sprintf("%s %s (%s %s/%s)", t.Name, t.Version, t.Go, runtime.GOOS, runtime.GOARCH)
}

// BuildLines say what this program was built from: whoever reads a bug report asks.
func BuildLines() string {
	var b strings.Builder
	if info, ok := debug.ReadBuildInfo(); ok {
		setting := map[string]string{}
		for _, s := range info.Settings {
			setting[s.Key] = s.Value
		}
		if commit := setting["vcs.revision"]; commit != "" {
			fmt.Fprintf(&b, "commit   %s of %s", commit, setting["vcs.time"])
			if setting["vcs.modified"] == "true" {
				b.WriteString(", with changes")
			}
			b.WriteByte('\n')
		}
	}
	fmt.Fprintf(&b, "libpcap  %s\n", cmp.Or(strings.TrimPrefix(file.LibpcapVersion(), "libpcap version "), "none: built without it"))
	return b.String()
}

package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the golden files, scripts and README examples anew")

func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" { // thousands of short runs: a third of the time was garbage collection
		debug.SetGCPercent(400)
	}
	testscript.Main(m, map[string]func(){"rssreplay": main})
}

// TestScripts runs testdata/script: the command as its users run it, one topic
// in each script. $SAMPLES is the folder of the sample captures, $PACKED that of
// a compressed one, $TRUTH that of what ethtool printed of emulated NICs.
//
// Beside testscript's own commands there are
//
//	exits STATUS rssreplay ARG...    the exit status; see exits
//	mkpcap FILE WORD...              a capture; see mkpcap
//	head N IN OUT                    a file OUT of the first N bytes of IN
//	measured FILE                    a copy of --write as if a NIC had recorded it; see forgetPredicted
func TestScripts(t *testing.T) {
	root := repository(t)
	scripts := testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			// Outputs are cut and wrapped by the length of paths: these hang on no machine's.
			const here = "repository"
			if err := os.Symlink(root, filepath.Join(e.WorkDir, here)); err != nil {
				return err
			}
			e.Setenv("SAMPLES", filepath.Join(here, "pcaps", "samples"))
			e.Setenv("PACKED", filepath.Join(here, "pcaps", "file", "testdata"))
			e.Setenv("TRUTH", filepath.Join(here, "nicmodel", "testdata", "groundtruth"))
			e.Setenv("HOST", filepath.Join(here, "dispatch", "calibrate", "testdata"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "cgo" {
				return cgo, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"mkpcap":   mkpcap,
			"head":     head,
			"measured": measured,
		},
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
	}
	if testing.Short() && !*update {
		runHere(t, scripts)
		return
	}
	testscript.Run(t, scripts)
}

// exits runs a command that ends with the given status, not 0. What goes with
// the status is asserted too: one line on standard error; of 1 and 2 nothing on
// standard output and no file that was not there before, half written or whole.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	checkExit(ts, neg, args, func() (status int, stdout, stderr string) {
		err := ts.Exec(args[1], args[2:]...)
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			status = exit.ExitCode()
		} else if err != nil {
			ts.Fatalf("%v", err)
		}
		return status, ts.ReadFile("stdout"), ts.ReadFile("stderr")
	})
}

// checkExit is exits, with what runs the command.
func checkExit(ts *testscript.TestScript, neg bool, args []string, run func() (status int, stdout, stderr string)) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND ARG...")
	}
	before := listing(ts)
	status, stdout, stderr := run()
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("exit status %d, want %s", status, args[0])
	}
	if !strings.HasPrefix(stderr, "rssreplay: ") || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
		ts.Fatalf("standard error must be one line that begins with the program's name")
	}
	if status == exitDamaged || status == exitCondition || status == exitDiffers || status == exitCantTell { // with a result
		return
	}
	if stdout != "" {
		ts.Fatalf("a failed command wrote to standard output")
	}
	if diff := cmp.Diff(before, listing(ts)); diff != "" {
		ts.Fatalf("a failed command changed the folder:\n%s", diff)
	}
}

// head copies the first bytes of a file.
func head(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: head N IN OUT")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data[:n], 0o644))
}

// listing is every file below the script's folder with its size in bytes.
func listing(ts *testscript.TestScript) map[string]int64 {
	files := make(map[string]int64)
	err := filepath.WalkDir(ts.Getenv("WORK"), func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && !info.IsDir() {
			files[path] = info.Size()
		}
		return err
	})
	ts.Check(err)
	return files
}

// repository is the folder with go.mod.
func repository(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// samples are the paths of the sample captures.
func samples(t testing.TB) []string {
	files, err := filepath.Glob(filepath.Join(repository(t), "pcaps", "samples", "*.pcap*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Fatalf("only %d sample captures", len(files))
	}
	return files
}

// runs is the standard output of a run in this process that must succeed, in
// silence.
func runs(t testing.TB, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	status := run(append([]string{"rssreplay"}, args...), strings.NewReader(""), &stdout, &stderr)
	if status != exitDone || stderr.Len() > 0 {
		t.Fatalf("rssreplay %s: exit status %d, standard error %q", strings.Join(args, " "), status, stderr.String())
	}
	return stdout.String()
}

//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// sample is what one run of a process cost.
type sample struct {
	wall, cpu time.Duration // cpu: of all its threads, user and system
	memory    int64         // largest resident size in bytes
}

// samples are those of a command, run by run.
type samples []sample

// inTurn runs each command rounds times, one after the other in every round, so
// that what disturbs the machine meets all of them alike. Output is thrown away. A
// first round, which fills the page cache, is not counted.
func inTurn(rounds int, commands ...[]string) ([]samples, error) {
	all := make([]samples, len(commands))
	for round := range rounds + 1 {
		for i, c := range commands {
			s, err := runOnce(c)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				all[i] = append(all[i], s)
			}
		}
	}
	return all, nil
}

func runOnce(command []string) (sample, error) {
	c := exec.Command(command[0], command[1:]...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	start := time.Now()
	err := c.Run()
	wall := time.Since(start)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, stderr.Bytes())
	}
	s := sample{wall: wall, cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime()}
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = int64(usage.Maxrss) * 1024
		if runtime.GOOS == "darwin" {
			s.memory = int64(usage.Maxrss) // there in bytes
		}
	}
	return s, nil
}

// wall is the median of the runs' times.
func (s samples) wall() time.Duration {
	return median(s, func(one sample) time.Duration { return one.wall })
}

// memory is the largest of the runs' sizes in bytes.
func (s samples) memory() int64 {
	var most int64
	for _, one := range s {
		most = max(most, one.memory)
	}
	return most
}

// ratio is the median of the ratios of the wall times, round by round: what disturbed a
// round disturbed both.
func (s samples) ratio(reference samples) float64 {
	return medianRatio(s, reference, func(one sample) time.Duration { return one.wall })
}

// cpuRatio is the same of the CPU times, which depend less on what else runs.
func (s samples) cpuRatio(reference samples) float64 {
	return medianRatio(s, reference, func(one sample) time.Duration { return one.cpu })
}

func medianRatio(s, reference samples, of func(sample) time.Duration) float64 {
	ratios := make([]float64, len(s))
	for i := range s {
		ratios[i] = float64(of(s[i])) / float64(of(reference[i]))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

func median(s samples, of func(sample) time.Duration) time.Duration {
	var all []time.Duration
	for _, one := range s {
		all = append(all, of(one))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

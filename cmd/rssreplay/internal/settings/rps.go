package settings

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch/engine"
	"rssreplay/nicmodel/rps"
	"rssreplay/report"
)

// rpsFlags name what the stack makes of a packet's CPU after the interrupt.
type rpsFlags struct {
	rps     string // a list of CPUs, a mask, a file, or off
	hash    string
	secret  string // of the kernel: hexadecimal, or a file that has it
	offline string // a list of CPUs
	cost    cli.Duration
	backlog int
}

// AddRPS adds the flags that tell a packet's CPU under receive packet steering.
func (f *Flags) AddRPS() {
	f.Set.StringVar(&f.rps.rps, "rps", "", "")
	f.Set.StringVar(&f.rps.hash, "rps-hash", "driver", "")
	f.Set.StringVar(&f.rps.secret, "rps-secret", "", "")
	f.Set.StringVar(&f.rps.offline, "offline-cpus", "", "")
}

// addRPSReplay adds those that a replay takes besides.
func (f *Flags) addRPSReplay() {
	f.rps.cost = 200
	f.Set.Var(&f.rps.cost, "rps-cost", "")
	f.Set.IntVar(&f.rps.backlog, "backlog", 1000, "")
}

const rpsOff = "off"

// Unseen is what the texts say that chooses a packet's CPU in the stack besides, and that
// no replay can follow.
type Unseen struct {
	From   string // the text that says so
	RFS    bool   // receive flow steering: to where the application reads
	ARFS   bool   // and the NIC's filters after it
	Driver string // of ARFS
	XPS    bool   // transmit queues by the sending CPU
	CPUMap string // the file that shows that an XDP program hands packets over; "": none does
}

// None reports whether nothing is said.
func (u *Unseen) None() bool { return !u.RFS && !u.XPS && u.CPUMap == "" }

// ofFlows is what is said of it where single flows are asked for.
func (u *Unseen) ofFlows() (notes []string) {
	if u.RFS {
		note := u.From + ": RFS is on (rps_flow_cnt, rps_sock_flow_entries). It moves TCP, and UDP of connected sockets, to the CPU on which their application reads; the CPU here is that without it."
		if u.ARFS {
			note += " With ntuple-filters on, the driver (" + u.Driver + ") has the NIC follow RFS, too (aRFS): then the queue is another one as well."
		}
		notes = append(notes, note)
	}
	if u.CPUMap != "" {
		notes = append(notes, u.CPUMap+": an XDP program hands packets to other CPUs (cpumap), which no text tells of. The queue is not changed by it.")
	}
	return notes
}

// arfsDrivers have the NIC follow RFS (ndo_rx_flow_steer), by Linux 6.12.
var arfsDrivers = []string{"bnxt", "bnxt-p5", "ice", "mlx4", "mlx5"}

// unseen notes what is not replayed.
func (r *resolver) unseen() {
	text := r.imports.rps
	r.Unseen.CPUMap, r.ntupleOn = r.imports.cpuMap, r.imports.ntupleOn
	if text.value == nil {
		return
	}
	r.Unseen.From, r.Unseen.RFS, r.Unseen.XPS = text.from, text.value.RFS(), text.value.XPS
	if r.Profile != nil && slices.Contains(arfsDrivers, r.Profile.Name) {
		r.Unseen.ARFS, r.Unseen.Driver = r.Unseen.RFS && r.imports.ntupleOn, r.Profile.Name
	}
}

// steerPackets sets receive packet steering.
func (r *resolver) steerPackets() error {
	f, set := &r.flags.rps, r.flags.Set
	r.unseen()
	masks, from, err := r.masks()
	if err != nil {
		return err
	}
	if masks != nil && set.Lookup("rps") == nil {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s has masks of receive packet steering, by which packets go on to other CPUs: here they are left out.", from))
		return nil
	}
	if masks == nil {
		err := r.idle("says something of receive packet steering, and there is none: give --rps with a list of CPUs or the text of `grep . /sys/class/net/DEV/queues/*/rps_*`",
			"rps-hash", "rps-secret", "rps-cost", "backlog", "offline-cpus")
		if err != nil {
			return err
		}
		return r.rpsSecret() // which is one for all settings
	}
	if r.Profile != nil && !r.Profile.NAPI {
		return fmt.Errorf("%s: receive packet steering is Linux's, and %s is no driver of Linux: leave one of them out", from, r.Profile.Name)
	}
	if err := r.checkOffline(); err != nil {
		return err
	}
	steering := &engine.RPS{Cost: int64(f.cost)}
	if steering.CPUs, err = r.queueMasks(masks, from); err != nil {
		return err
	}
	if err := r.rpsHash(steering); err != nil {
		return err
	}
	if err := r.rpsSecret(); err != nil {
		return err
	}
	r.Config.RPS = steering
	if !steering.Steers() {
		r.Caveats = append(r.Caveats, from+": no queue has a CPU in its mask: packets stay on the CPUs of their interrupts, which drain by poll.")
	}
	if set.Lookup("backlog") == nil {
		return nil
	}
	if masks.Backlog >= 0 {
		r.offer(fromImport, from, "backlog", fmt.Sprint(masks.Backlog))
	}
	steering.Backlog = f.backlog
	r.time("rps-cost", steering.Cost)
	r.count("backlog", f.backlog)
	return r.secondHop(from)
}

// secondHop says which of the chosen modes have one, and how they drain.
func (r *resolver) secondHop(from string) error {
	var with, without []string
	for _, mode := range r.Modes {
		if r.Config.RPS.Active(mode) {
			with = append(with, mode.String())
		} else {
			without = append(without, mode.String())
		}
	}
	switch {
	case len(with) == 0 && from == "--rps" || len(with) == 0 && r.flags.rps.rps != "":
		return errors.New("--rps acts in rss-msix and non-rss, and --mode has none of them: add one")
	case len(without) > 0:
		r.Caveats = append(r.Caveats, fmt.Sprintf("There is no receive packet steering in %s: as without --rps.", strings.Join(without, " and ")))
	}
	if r.Config.Drain == engine.Poll || len(with) == 0 {
		return nil
	}
	if len(without) == 0 {
		*r.Parameters.Named("drain") = report.Parameter{Name: "drain", Value: "poll", Source: "receive packet steering"}
	}
	if r.flags.Set.Changed("drain") {
		r.Caveats = append(r.Caveats, fmt.Sprintf("With receive packet steering CPUs drain by poll in %s, as Linux does, and not by --drain snapshot.", strings.Join(with, " and ")))
	}
	return nil
}

// rpsHash sets whose hash counts.
func (r *resolver) rpsHash(to *engine.RPS) error {
	source := r.source("rps-hash")
	switch f := r.flags.rps.hash; {
	case f == "driver" && r.imports.noRXHash != "":
		to.Passed, source = rps.NoHashes, r.imports.noRXHash
	case f == "driver" && r.Profile != nil:
		to.Passed, source = r.Profile.LayerFour, r.fromProfile("rps-hash")
	case f == "driver", f == "mixed":
		to.Passed = rps.OnPorts
	case f == "nic":
		to.Passed = rps.All
	case f == "software":
		to.Passed = rps.NoHashes
	default:
		return fmt.Errorf("--rps-hash must be driver, nic, software or mixed, not %q", f)
	}
	r.add("rps-hash", r.flags.rps.hash, "", source)
	return nil
}

// hexDigits is bytes in hexadecimal without what tools write before and between them, as
// --key takes it.
func hexDigits(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && strings.EqualFold(s[:2], "0x") {
		s = s[2:]
	}
	return strings.NewReplacer(":", "", " ", "").Replace(s)
}

// rpsSecret reads the secret, of 16 bytes in hexadecimal.
func (r *resolver) rpsSecret() error {
	given := r.flags.rps.secret
	if given == "" {
		return nil
	}
	const want = "give the 32 hexadecimal digits of the kernel's hashrnd, or a file that has them"
	text := hexDigits(given)
	if _, err := hex.DecodeString(text); err != nil {
		info, err := os.Stat(given)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("--rps-secret: %q is no number of 32 hexadecimal digits, and no file: %s", given, want)
		}
		if err == nil && info.Size() > 4096 {
			return fmt.Errorf("--rps-secret: %s is too long: %s", given, want)
		}
		data, err := os.ReadFile(given)
		if err != nil {
			return fmt.Errorf("--rps-secret: %s: %w: %s", given, cli.Cause(err), want)
		}
		text = hexDigits(string(data))
	}
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) != len(r.Secret) {
		return fmt.Errorf("--rps-secret: it has %d digits or is no hexadecimal number: %s", len(text), want)
	}
	r.Secret, r.SecretGiven = rps.Secret(secret), true
	r.add("rps-secret", "given", "", "--rps-secret")
	return nil
}

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
	"rssreplay/nicmodel"
	"rssreplay/nicmodel/nictext"
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

// path is the file that --rps names; "" where it names none. A list of CPUs has digits,
// commas and dashes alone, a mask begins with 0x.
func (f *rpsFlags) path() string {
	if f.rps == rpsOff || strings.HasPrefix(f.rps, "0x") || strings.Trim(f.rps, "0123456789,-") == "" && f.rps != "-" {
		return ""
	}
	return f.rps
}

// masks are those of every queue, as --rps or a bundle has them, and where they come
// from; nil without RPS.
func (r *resolver) masks() (*nictext.RPS, string, error) {
	f, text := &r.flags.rps, r.imports.rps
	switch {
	case f.rps == rpsOff:
		return nil, "", nil
	case f.rps == "" && text.value != nil && len(text.value.CPUs()) == 0:
		return nil, "", nil // of a bundle, with masks of 0 alone
	case f.rps == "" || f.path() != "":
		return text.value, text.from, nil
	}
	var cpus []int
	if strings.HasPrefix(f.rps, "0x") {
		var err error
		if cpus, err = nictext.ParseCPUMask(f.rps); err != nil {
			return nil, "", fmt.Errorf("--rps: %w", err)
		}
	} else {
		list, err := nicmodel.ParseCPUList(f.rps)
		if err != nil {
			return nil, "", fmt.Errorf("--rps: %w", err)
		}
		if n := list.Len(); n > engine.MaxCPUs {
			return nil, "", fmt.Errorf("--rps names %d CPUs; at most %d are emulated", n, engine.MaxCPUs)
		}
		cpus = list.CPUs()
	}
	slices.Sort(cpus)
	return &nictext.RPS{All: slices.Compact(cpus), Backlog: -1}, "--rps", nil
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
		for _, flag := range []string{"rps-hash", "rps-secret", "rps-cost", "backlog", "offline-cpus"} {
			if !set.Changed(flag) {
				continue
			}
			if err := r.idle(flag, fmt.Errorf("--%s says something of receive packet steering, and there is none: give --rps with a list of CPUs or the text of `grep . /sys/class/net/DEV/queues/*/rps_*`", flag)); err != nil {
				return err
			}
		}
		return r.rpsSecret() // which is one for all settings
	}
	if r.Profile != nil && !r.Profile.NAPI {
		return fmt.Errorf("%s: receive packet steering is Linux's, and %s is no driver of Linux: leave one of them out", from, r.Profile.Name)
	}
	if err := r.checkOffline(); err != nil {
		return err
	}
	c := &r.Config
	steering := &engine.RPS{Cost: int64(f.cost)}
	for q := range masks.Masks {
		if q >= c.Queues && len(masks.Masks[q]) > 0 {
			return fmt.Errorf("%s: rx-%d has a mask, but there are only queues 0 to %d: raise --queues, or leave the line out", from, q, c.Queues-1)
		}
	}
	var text []string
	var offline, leftOut []int
	for q := range c.Queues {
		mask, written := masks.Of(q)
		cpus, kept := make([]uint16, 0, len(mask)), make([]int, 0, len(mask))
		for _, cpu := range mask {
			switch i := slices.Index(c.CPUs, cpu); {
			case i >= 0:
				cpus = append(cpus, uint16(i))
			case !r.offline(cpu):
				return fmt.Errorf("%s: the mask of rx-%d has CPU %d, which is not in use: --cpus has %s; add it there, or to --offline-cpus, or leave it out of the mask", from, q, cpu, nicmodel.CPUListOf(c.CPUs))
			case written:
				leftOut = append(leftOut, cpu)
				continue
			default:
				cpus, offline = append(cpus, engine.OfflineCPU), append(offline, cpu)
			}
			kept = append(kept, cpu)
		}
		steering.CPUs = append(steering.CPUs, cpus)
		r.Masks = append(r.Masks, kept)
		text = append(text, listOf(kept))
	}
	r.add("rps", masksText(text), "", from)
	r.sayOffline(from, offline, leftOut)
	if err := r.rpsHash(steering); err != nil {
		return err
	}
	if err := r.rpsSecret(); err != nil {
		return err
	}
	c.RPS = steering
	if set.Lookup("backlog") == nil {
		return nil
	}
	if masks.Backlog >= 0 {
		r.offer(fromImport, from, "backlog", fmt.Sprint(masks.Backlog))
	}
	steering.Backlog = f.backlog
	r.time("rps-cost", f.cost)
	r.add("backlog", f.backlog, "", r.source("backlog"))
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
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s has no receive packet steering: it runs as without --rps.", strings.Join(without, " and ")))
	}
	if r.Config.Drain == engine.Poll || len(with) == 0 {
		return nil
	}
	if len(without) == 0 {
		*r.Parameter("drain") = report.Parameter{Name: "drain", Value: "poll", Source: "receive packet steering"}
	}
	if r.flags.Set.Changed("drain") {
		r.Caveats = append(r.Caveats, fmt.Sprintf("With receive packet steering %s drains by poll, as Linux does, and not by --drain snapshot.", strings.Join(with, " and ")))
	}
	return nil
}

// rpsCPUs are the CPUs that the masks of a text have and that are not offline: where texts
// say which CPUs are in use, these are, too.
func (r *resolver) rpsCPUs() []int {
	if r.imports.rps.value == nil || r.flags.rps.rps == rpsOff {
		return nil
	}
	return slices.DeleteFunc(r.imports.rps.value.CPUs(), r.offline)
}

// offlineCPUs takes what --offline-cpus adds to what texts tell.
func (r *resolver) offlineCPUs() error {
	given := r.flags.rps.offline
	if given == "" {
		return nil
	}
	list, err := nicmodel.ParseCPUList(given)
	if err == nil && list.Len() > engine.MaxCPUs {
		err = fmt.Errorf("%d CPUs are too many", list.Len())
	}
	if err != nil {
		return fmt.Errorf("--offline-cpus: %w", err)
	}
	r.imports.takeOnline(&nictext.OnlineCPUs{Offline: list.CPUs()}, "--offline-cpus")
	return nil
}

// checkOffline refuses CPUs that --offline-cpus names and that have work.
func (r *resolver) checkOffline() error {
	list, _ := nicmodel.ParseCPUList(r.flags.rps.offline)
	for _, cpu := range r.Config.CPUs {
		if list.Has(cpu) {
			return fmt.Errorf("--offline-cpus names CPU %d, which is in use: --cpus has %s (%s); leave it out of one of them", cpu, nicmodel.CPUListOf(r.Config.CPUs), r.source("cpus"))
		}
	}
	if list != nil {
		r.add("offline-cpus", list.String(), "", "--offline-cpus")
	}
	return nil
}

// offline reports whether a CPU is offline, by the flag or the texts.
func (r *resolver) offline(cpu int) bool {
	online := r.imports.online.value
	return online != nil && online.Off(cpu)
}

// sayOffline says which CPUs of the masks are offline, and what becomes of their packets.
func (r *resolver) sayOffline(from string, offline, leftOut []int) {
	if len(offline)+len(leftOut) == 0 {
		return
	}
	source := r.imports.online.from
	if source != from {
		from += ", " + source
	}
	if !r.flags.Set.Changed("offline-cpus") {
		all := slices.Sorted(slices.Values(slices.Concat(offline, leftOut)))
		r.add("offline-cpus", nicmodel.CPUListOf(slices.Compact(all)).String(), "", source)
	}
	name := func(cpus []int) string {
		slices.Sort(cpus)
		if cpus = slices.Compact(cpus); len(cpus) == 1 {
			return fmt.Sprintf("CPU %d of the masks is offline", cpus[0])
		}
		return fmt.Sprintf("CPUs %s of the masks are offline", nicmodel.CPUListOf(cpus))
	}
	if len(offline) > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s. What its hash leads there is not steered: it stays on the CPU of its interrupt, until the masks are written again.", from, name(offline)))
	}
	if len(leftOut) > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s: %s. The kernel leaves such CPUs out of a mask that is written.", from, name(leftOut)))
	}
}

// listOf is a mask as a list of CPUs.
func listOf(mask []int) string {
	if len(mask) == 0 {
		return "none"
	}
	return nicmodel.CPUListOf(mask).String()
}

// masksText is the masks of the queues, neighbours with one mask together.
func masksText(masks []string) string {
	var parts []string
	for from := 0; from < len(masks); {
		to := from
		for to+1 < len(masks) && masks[to+1] == masks[from] {
			to++
		}
		switch {
		case from == 0 && to == len(masks)-1:
			return masks[0]
		case from == to:
			parts = append(parts, fmt.Sprintf("rx-%d: %s", from, masks[from]))
		default:
			parts = append(parts, fmt.Sprintf("rx-%d to rx-%d: %s", from, to, masks[from]))
		}
		from = to + 1
	}
	return strings.Join(parts, "; ")
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

// rpsSecret reads the secret, of 16 bytes in hexadecimal.
func (r *resolver) rpsSecret() error {
	given := r.flags.rps.secret
	if given == "" {
		return nil
	}
	const want = "give the 32 hexadecimal digits of the kernel's hashrnd, or a file that has them"
	text := given
	if _, err := hex.DecodeString(given); err != nil {
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
		text = strings.TrimSpace(string(data))
	}
	secret, err := hex.DecodeString(text)
	if err != nil || len(secret) != len(r.Secret) {
		return fmt.Errorf("--rps-secret: it has %d digits or is no hexadecimal number: %s", len(text), want)
	}
	r.Secret, r.SecretGiven = rps.Secret(secret), true
	r.add("rps-secret", "given", "", "--rps-secret")
	return nil
}

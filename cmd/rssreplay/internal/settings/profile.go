package settings

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rssreplay/hash"
	"rssreplay/nicmodel/profile"
)

// ProfileNamed is profile.Named; the error tells which was probably meant, and begins with the name.
func ProfileNamed(name string) (*profile.Profile, error) {
	p, err := profile.Named(name)
	switch hint := nicHint(name); {
	case err == nil:
		return p, nil
	case hint != "":
		return nil, fmt.Errorf("%q: no such profile; did you mean %s? (rssreplay nics shows all)", name, hint)
	case LooksLikeInterface(name):
		return nil, fmt.Errorf("%q: no such profile: it takes the driver's name, which `ethtool -i %[1]s` shows (rssreplay nics lists all)", name)
	}
	return nil, errors.New(strings.TrimPrefix(err.Error(), "--nic "))
}

// LooksLikeInterface tells whether a name is rather an interface's, as Linux and udev name
// them, than a driver's.
func LooksLikeInterface(name string) bool {
	return regexp.MustCompile(`^(eth|en[opsxP]|bond|wlan|wlp|br|tap|tun|veth|vlan|ib)[0-9][0-9a-z._-]*$`).MatchString(name)
}

// chooseProfile finds the profile: that of --nic, else that of the driver.
func (r *resolver) chooseProfile() error {
	name, driver := r.flags.Imports.nic, r.imports.driver
	if name != "" {
		p, err := ProfileNamed(name)
		if err != nil {
			return fmt.Errorf("--nic %w", err)
		}
		if driver.value != nil && !slices.Contains(p.Drivers, driver.value.Name) {
			return fmt.Errorf("--nic %s contradicts %s, whose driver is %s: leave one of them out", name, driver.from, driver.value.Name)
		}
		r.Profile = p
		r.add("nic", p.Name, "", "--nic")
	} else if driver.value != nil {
		entries, rings := 0, 0
		if t := r.imports.table.value; t != nil {
			entries, rings = len(t.Table), t.Rings
		}
		r.Profile = profile.OfDriver(driver.value.Name, entries, rings)
		if r.Profile == nil {
			r.NoLower = slices.Contains(ofEnds, driver.value.Name)
			r.OfSoftware = r.NoLower || slices.Contains(ofSoftware, driver.value.Name)
			r.Asides = append(r.Asides, r.withoutProfile(driver.value.Name, driver.from))
			return nil
		}
		r.add("nic", r.Profile.Name, "", driver.from)
	}
	return nil
}

// Drivers of interfaces without receive queues of a NIC: ofSoftware of those above others,
// which hand on what a NIC's have received, and ofEnds of those that have none below them, as
// containers and programs have one end of.
// Source: Linux 6.12, drivers/net, net/8021q/vlan.c, net/bridge, net/openvswitch.
var (
	ofSoftware = []string{"bonding", "team", "bridge", "802.1Q VLAN Support", "macvlan", "macvtap", "ipvlan", "macsec", "vrf", "net_failover", "vxlan"}
	ofEnds     = []string{"openvswitch", "geneve", "veth", "netkit", "tun", "ifb", "dummy"}
)

// withoutProfile says what it means that no profile is of the driver.
func (r *resolver) withoutProfile(driver, from string) string {
	if r.OfSoftware {
		return fmt.Sprintf("%s: the driver %s makes an interface of software. RSS is in the NIC that its packets come through: give that one's texts.", from, driver)
	}
	return fmt.Sprintf("There is no profile of the driver %s (%s): what no file and no flag sets is the model's default.", driver, from)
}

// fromProfile is where a value of the profile comes from.
func (r *resolver) fromProfile(flag string) string {
	source := "profile " + r.Profile.Name
	if r.Profile.UnverifiedOf(flag) {
		source += ", unverified"
	}
	return source
}

func (r *resolver) offerOfProfile(flag, value string) {
	r.offer(fromProfile, r.fromProfile(flag), flag, value)
}

// offerProfile offers what the profile sets on any machine. What depends on CPUs
// and queues is offered where these are known.
func (r *resolver) offerProfile() {
	p := r.Profile
	if p == nil {
		return
	}
	if p.Key != "" {
		r.offerOfProfile("key", p.Key)
	}
	r.offerOfProfile("hash-types", p.HashTypes.String())
	r.offerOfProfile("xfrm", p.Transform.String())
	if p.RXRing > 0 {
		r.offerOfProfile("rx-ring", strconv.Itoa(p.RXRing))
	}
	r.offerModeration(fromProfile, r.fromProfile("itr"), r.fromProfile("rx-usecs"), p.Moderation)
	if p.NAPI {
		r.offerOfProfile("drain", "poll")
		r.offerOfProfile("dpc-budget", "64")
	}
}

func (r *resolver) offerModeration(from layer, itrSource, usecsSource string, m profile.Moderation) {
	r.offer(from, itrSource, "itr", m.ITR.String())
	r.offer(from, usecsSource, "rx-usecs", strconv.FormatInt(m.RXDelay.Microseconds(), 10))
	r.offer(from, usecsSource, "rx-frames", strconv.Itoa(m.RXFrames))
}

// fitKey cuts a key to what the profile's NIC uses of it.
func (r *resolver) fitKey(key hash.Key) (hash.Key, error) {
	if r.Profile == nil {
		return key, nil
	}
	return r.Profile.FitKey(key)
}

// profileCaveats are what the profile leaves in doubt for the values in force.
func (r *resolver) profileCaveats() {
	p := r.Profile
	if p == nil {
		return
	}
	var doubts []string
	for _, d := range p.Unverified {
		if d.Of == "" || r.origin(d.Of).layer == fromProfile && r.flags.Set.Lookup(d.Of) != nil {
			what := d.What
			if d.Of != "" {
				what = d.Of + ": " + what
			}
			doubts = append(doubts, what)
		}
	}
	if len(doubts) > 0 {
		r.Caveats = append(r.Caveats, fmt.Sprintf("Unverified in the profile %s: %s.", p.Name, strings.Join(doubts, "; ")))
	}
	moderated := r.Config.ITR > 0 && r.origin("itr").layer < fromFlag || r.Config.RxUsecs > 0 && r.origin("rx-usecs").layer < fromFlag
	if moderated && (r.adaptive || p.Moderation.Adaptive && r.imports.coalesce.value == nil) {
		r.Caveats = append(r.Caveats, fmt.Sprintf("%s changes its interrupt moderation with the traffic; here it stays as listed.", p.Name))
	}
}

package profile

import (
	"slices"
	"strings"
)

// otherNames are what people call the NICs of a profile beside the words of its NIC:
// cards, series, clouds and hypervisors.
var otherNames = map[string][]string{
	"ixgbe":   {"X520"}, // cards with an 82599
	"i40e":    {"XXV710"},
	"mlx4":    {"cx3"},
	"mlx5":    {"ConnectX-5", "ConnectX-6", "ConnectX-7", "ConnectX-8", "cx4", "cx5", "cx6", "cx7", "cx8", "BlueField"},
	"bnxt":    {"bcm574xx"},
	"bnxt-p5": {"bcm575xx", "bcm576xx", "Thor"},
	"tg3":     {"NetXtreme BCM57xx", "bcm5719", "bcm5720"},
	"bnx2x":   {"bcm57810", "bcm57840"},
	"qede":    {"ql41000", "ql45000", "FastLinQ"},
	"enic":    {"UCS"},
	"ena":     {"AWS", "EC2", "Nitro"},
	"gve":     {"GCP", "GCE", "gVNIC"},
	"virtio":  {"virtio-net", "KVM"},
	"vmxnet3": {"ESXi"},
	"r8169":   {"RTL8168"},
	"ndis":    {"NetKVM"},
}

// Meant are the names of the profiles that a word probably means, which is none's name:
// those that begin so, and those of a card, a maker or a cloud of that name, "mlx",
// "x520-da2", "broadcom" or "aws". Profiles without a driver of Linux, and those of
// virtual functions unless the word has a "vf" in it, are meant only if no other one is.
func Meant(word string) []string {
	word = plainWord(word)
	var names []string
	best := 0
	for _, p := range All() {
		if !p.isCalled(word) {
			continue
		}
		rank := 1
		if len(p.Drivers) > 0 {
			rank++
			if strings.HasSuffix(p.Name, "vf") == strings.Contains(word, "vf") {
				rank++
			}
		}
		if rank > best {
			best, names = rank, nil
		}
		if rank == best {
			names = append(names, p.Name)
		}
	}
	return names
}

// isCalled tells whether a plain word names the profile or its NICs.
func (p *Profile) isCalled(word string) bool {
	if len(word) > 1 && strings.HasPrefix(plainWord(p.Name), word) {
		return true
	}
	cards := strings.FieldsFunc(p.NIC, func(r rune) bool { return strings.ContainsRune(" ,()", r) })
	for _, card := range slices.Concat(cards, otherNames[p.Name]) {
		series, _, parted := strings.Cut(card, "-") // "connectx" is any of them
		if isCard(word, plainWord(card)) || parted && len(word) > 2 && word == plainWord(series) {
			return true
		}
	}
	return false
}

// isCard tells whether a word of three letters or more is a card's name, or begins with
// one and goes on as a product's does: "82599es", "x710da4". An x at a card's end is any
// digit, "574xx".
func isCard(word, card string) bool {
	stem := strings.TrimRight(card, "x")
	if open := len(card) - len(stem); open > 0 && strings.ContainsAny(stem, digits) {
		series := strings.HasPrefix(word, stem) && len(word) >= len(card)
		return series && strings.Trim(word[len(stem):len(card)], digits) == ""
	}
	switch {
	case len(word) < 3 || !strings.HasPrefix(word, card):
		return false
	case len(word) == len(card):
		return true
	}
	return len(card) >= 4 && (strings.ContainsAny(card, digits) || strings.ContainsAny(word[len(card):len(card)+1], digits))
}

const digits = "0123456789"

// plainWord is a word without what spellings of one name differ in.
func plainWord(word string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(word))
}

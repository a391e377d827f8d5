package input

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"rssreplay/cmd/rssreplay/internal/cli"
	"rssreplay/dispatch"
)

// parseSpeed reads "2x" or "0.5".
func parseSpeed(s string) (*big.Rat, error) {
	r, err := parseDecimal(strings.TrimSuffix(s, "x"))
	if errors.Is(err, errDecimals) {
		return nil, fmt.Errorf("--speed must have at most 12 decimals, as 0.028053670382x, not %q", s)
	}
	if err != nil {
		return nil, fmt.Errorf("--speed must be a factor from 0.000000000001x to 999999999999x, as 2x or 0.5x, not %q", s)
	}
	return r, nil
}

var errDecimals = errors.New("more than 12 decimals")

// parseDecimal reads a plain decimal number above 0 and below 10¹², with at most
// 12 decimals.
func parseDecimal(s string) (*big.Rat, error) {
	whole, decimals, _ := strings.Cut(s, ".")
	if len(whole) > 12 || strings.ContainsFunc(whole+decimals, func(r rune) bool { return r < '0' || r > '9' }) {
		return nil, errors.New("not a decimal number")
	}
	if len(decimals) > 12 {
		return nil, errDecimals
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Sign() <= 0 {
		return nil, errors.New("not a decimal number above 0")
	}
	return r, nil
}

// Rate is a mean rate of the received packets: bits or packets per second.
type Rate struct {
	text      string
	perSecond *big.Rat
	bits      bool
}

// parseRate reads "10Gbps" or "1.5Mpps".
func parseRate(s string) (*Rate, error) {
	wrong := fmt.Errorf("--rate must be a number above 0, of at most 12 digits, in bit/s or packets/s, as 10Gbps, 100Mbps, 1Mpps or 500kpps, not %q", s)
	r := &Rate{text: s}
	number, ok := strings.CutSuffix(s, "bps")
	if r.bits = ok; !ok {
		if number, ok = strings.CutSuffix(s, "pps"); !ok {
			return nil, wrong
		}
	}
	factor := int64(1)
	for _, prefix := range []struct {
		letters string
		factor  int64
	}{{"kK", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}} {
		if number != "" && strings.ContainsRune(prefix.letters, rune(number[len(number)-1])) {
			number, factor = number[:len(number)-1], prefix.factor
			break
		}
	}
	var err error
	if r.perSecond, err = parseDecimal(number); errors.Is(err, errDecimals) {
		return nil, fmt.Errorf("--rate must have at most 12 decimals, as 1.5Mpps, not %q", s)
	} else if err != nil {
		return nil, wrong
	}
	r.perSecond.Mul(r.perSecond, big.NewRat(factor, 1))
	return r, nil
}

// Scale is what brings the received packets of a replay to the rate.
func (r *Rate) Scale(seen *dispatch.Result) (dispatch.Scale, error) {
	amount := seen.Received
	if r.bits {
		amount = 8 * (seen.Bytes - seen.SentBytes)
	}
	if amount == 0 || seen.Duration == 0 {
		return dispatch.Scale{}, cli.Usagef("--rate %s: the packets received span no time, so there is no rate to scale", r.text)
	}
	// The duration at that rate, beside the one there is, in ns.
	want := new(big.Rat).SetFrac(new(big.Int).Mul(new(big.Int).SetUint64(amount), big.NewInt(1e9)), big.NewInt(1))
	want.Quo(want, r.perSecond)
	return dispatch.ScaleOf(want.Quo(want, new(big.Rat).SetInt64(seen.Duration))), nil
}

package cli

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"rssreplay/pcaps/grouped"
)

// Duration is a flag's time in ns; its text is a Go duration.
type Duration int64

func (d *Duration) String() string { return time.Duration(*d).String() }
func (d *Duration) Type() string   { return "duration" }

func (d *Duration) Set(s string) error {
	v, err := time.ParseDuration(s)
	switch {
	case err != nil && isNumber(s):
		return fmt.Errorf("%s has no unit: write %ss, %sms, %sus or %sns", s, s, s, s, s)
	case err != nil:
		return errors.New("not a duration: write 200ns, 2us, 1.5ms, 3s or 24h")
	case v < 0:
		return errors.New("a time can't be negative")
	}
	*d = Duration(v)
	return nil
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// notWhole is why value was refused as a whole number.
func notWhole(value string) error {
	n, err := strconv.ParseInt(value, 0, 64)
	bare, groupErr := strconv.ParseInt(strings.ReplaceAll(value, ",", ""), 10, 64)
	switch {
	case groupErr == nil && bare >= 1000 && grouped.Int(bare) == value: // as reports print it
		return fmt.Errorf("write %d", bare)
	case err == nil && n < 0: // the flag takes no sign
		return errors.New("it must not be negative")
	case err == nil || errors.Is(err, strconv.ErrRange):
		return errors.New("too large a number")
	}
	return errors.New("not a whole number")
}

// Texts is what a flag that may be given several times was given.
//
// Optimization: pflag's own, which StringArrayVar makes, writes its default as CSV, through
// a buffer of 4 KB for each such flag of each command, before anything else is done.
type Texts []string

func (t *Texts) String() string { return strings.Join(*t, " ") }
func (t *Texts) Type() string   { return "stringArray" } // cobra completes such a flag more than once

func (t *Texts) Set(s string) error {
	*t = append(*t, s)
	return nil
}

// Usecs is ethtool's rx-usecs: a whole number of µs, or a Go duration of whole
// µs; its value is in ns.
type Usecs int64

func (u *Usecs) String() string { return strconv.FormatInt(int64(*u)/1000, 10) }
func (u *Usecs) Type() string   { return "usecs" }

func (u *Usecs) Set(s string) error {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		*u = Usecs(n * 1000)
		return nil
	}
	if strings.Trim(s, "0123456789") == "" && s != "" {
		return errors.New("too large a number")
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d%time.Microsecond != 0 {
		return errors.New("not a whole number of microseconds, as ethtool has it")
	}
	*u = Usecs(d)
	return nil
}

// PerByte is a cost in ps per byte; its text is ns per byte, a decimal number.
type PerByte int64

func (b *PerByte) String() string {
	return strconv.FormatFloat(float64(*b)/1000, 'f', -1, 64)
}
func (b *PerByte) Type() string { return "ns/byte" }

func (b *PerByte) Set(s string) error {
	if strings.ContainsAny(s, "eE/xXpP_") {
		return errors.New("not a decimal number of ns per byte")
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return errors.New("not a decimal number of ns per byte")
	}
	r.Mul(r, big.NewRat(1000, 1))
	switch {
	case !r.IsInt():
		return errors.New("finer than 1 ps per byte, that is three decimals")
	case r.Sign() < 0 || !r.Num().IsInt64():
		return errors.New("must be from 0 to 1000 ns per byte")
	}
	*b = PerByte(r.Num().Int64())
	return nil
}

// Some is the names of files in a sentence, of many the first.
func Some(names []string) string {
	const shown = 5
	if more := len(names) - shown; more > 1 {
		names = append(names[:shown:shown], fmt.Sprintf("and %d others", more))
	}
	return strings.Join(names, ", ")
}

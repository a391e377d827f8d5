package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Fraction is a number that is no count: a mean, a share, a rate. JSON has it
// with exactly six decimals, and null for what Null is.
type Fraction float64

// Null is a Fraction over nothing.
var Null = Fraction(math.NaN())

// Ratio is a ÷ b, Null when b is 0.
func Ratio[A, B int | int64 | uint64](a A, b B) Fraction {
	if b == 0 {
		return Null
	}
	return Fraction(float64(a) / float64(b))
}

// IsNull reports whether f is over nothing.
func (f Fraction) IsNull() bool { return math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) }

// Equal reports whether f and g are the same number or both null.
func (f Fraction) Equal(g Fraction) bool { return f == g || f.IsNull() && g.IsNull() }

// MarshalJSON writes six decimals, or null.
func (f Fraction) MarshalJSON() ([]byte, error) {
	if f.IsNull() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(f), 'f', 6, 64), nil
}

// Time is a point in time; JSON has it in RFC 3339 with all nine digits of the
// nanoseconds, in UTC, and null for the zero Time.
type Time struct{ time.Time }

const TimeLayout = "2006-01-02T15:04:05.000000000Z"

// MarshalJSON writes the time, or null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().AppendFormat(nil, `"`+TimeLayout+`"`), nil
}

// List is a slice that JSON has as an array also when it is nil: the report's
// readers need not ask whether a list is there.
type List[T any] []T

// MarshalJSON writes the array.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]T(l))
}

// find is the first element that is what is asked for, nil without one.
func find[T any](list []T, is func(*T) bool) *T {
	for i := range list {
		if is(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

// Counts are packets by name, in the order given; JSON has them as an object.
type Counts []Count

// Count is one name's packets.
type Count struct {
	Name    string
	Packets uint64
}

// MarshalJSON writes the object with its keys in the order given.
func (c Counts) MarshalJSON() ([]byte, error) {
	return marshalMembers(len(c), func(i int) (string, any) { return c[i].Name, c[i].Packets })
}

// Parameters are in the model's order; JSON has them as an object by name.
type Parameters []Parameter

// MarshalJSON writes the object with its keys in the order given.
func (p Parameters) MarshalJSON() ([]byte, error) {
	return marshalMembers(len(p), func(i int) (string, any) { return p[i].Name, p[i] })
}

// marshalMembers writes an object of n members in their order, which a Go map
// would lose.
func marshalMembers(n int, member func(i int) (name string, value any)) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range n {
		name, value := member(i)
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		v, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

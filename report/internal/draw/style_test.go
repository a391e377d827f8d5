package draw

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

// What is drawn, and the edge of a field, has at least 3 times the contrast of what is behind it,
// as WCAG asks for, and text 4.5 times; light and dark.
func TestContrast(t *testing.T) {
	colors := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--([a-z0-9-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)`).FindAllStringSubmatch(string(StyleSheet), -1) {
		colors[m[1]] = [2]string{m[2], m[3]}
	}
	luminance := func(color string) (sum float64) {
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(color[2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	for _, of := range []struct {
		front, behind []string
		least         float64
	}{
		{[]string{"bar", "warm", "hot", "field", "accent"}, []string{"page", "sheet"}, 3},
		{[]string{"ink", "faint", "accent", "warm-ink", "hot-ink"}, []string{"page", "sheet", "note-wash", "warm-wash", "hot-wash"}, 4.5},
		{[]string{"ink"}, []string{"h1", "h2", "h3", "h4", "h5"}, 4.5},
		{[]string{"hot"}, []string{"warm"}, 2}, // who sees no red from green sees it by the lightness
		{[]string{"on-deep"}, []string{"h6", "h7", "h8"}, 4.5},
	} {
		for _, front := range of.front {
			for _, behind := range of.behind {
				for i, scheme := range []string{"light", "dark"} {
					a, b := luminance(colors[front][i]), luminance(colors[behind][i])
					if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < of.least {
						t.Errorf("%s: --%s on --%s has a contrast of %.2f, want %v", scheme, front, behind, contrast, of.least)
					}
				}
			}
		}
	}
}

package nictext

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Costs is what `rssreplay calibrate` measured, as its JSON has it.
type Costs struct {
	Measured time.Time // zero if not known
	Windows  int
	Error    float64          // relative
	From, To float64          // packets/s of a CPU that they were measured at
	Costs    map[string]int64 // ns, by the parameter's name
}

// costSchema is in the JSON that ReadCosts reads.
const costSchema = "rssreplay/calibrate/v1"

// fittedCosts are the parameters that calibrate measures.
var fittedCosts = []string{"isr-cost", "dpc-cost", "packet-cost"}

// Names are the parameters that have a cost, in order.
func (c *Costs) Names() []string { return slices.Sorted(maps.Keys(c.Costs)) }

// maxCosts bounds that JSON, in bytes: it may hold a row for each of many windows.
const maxCosts = 16 << 20

// ReadCosts reads the JSON that `rssreplay calibrate -o costs.json` wrote. Name is the
// text's name in errors.
func ReadCosts(r io.Reader, name string) (*Costs, error) {
	const hint = "give what `rssreplay calibrate --snapshots DIR -o costs.json` wrote"
	var file struct {
		Schema   string           `json:"schema"`
		Measured *time.Time       `json:"measured"`
		Costs    map[string]int64 `json:"costs"`
		Fit      *struct {
			Windows          int     `json:"windows"`
			Error            float64 `json:"error"`
			PacketsPerSecond struct {
				From float64 `json:"from"`
				To   float64 `json:"to"`
			} `json:"packets_per_second"`
		} `json:"fit"`
	}
	data, err := io.ReadAll(io.LimitReader(r, maxCosts))
	if err != nil {
		return nil, err
	}
	if err := json.NewDecoder(strings.NewReader(Decode(data))).Decode(&file); err != nil {
		return nil, &TextError{Name: name, What: "is no whole JSON of costs", Hint: hint}
	}
	switch {
	case file.Schema != costSchema:
		return nil, &TextError{Name: name, What: fmt.Sprintf("is of schema %q, not %q", file.Schema, costSchema), Hint: hint}
	case len(file.Costs) == 0 || file.Fit == nil:
		return nil, &TextError{Name: name, What: "has no costs: nothing was fitted there", Hint: hint}
	}
	c := &Costs{Windows: file.Fit.Windows, Error: file.Fit.Error, From: file.Fit.PacketsPerSecond.From, To: file.Fit.PacketsPerSecond.To, Costs: file.Costs}
	if file.Measured != nil {
		c.Measured = *file.Measured
	}
	for _, parameter := range c.Names() {
		if !slices.Contains(fittedCosts, parameter) {
			return nil, &TextError{Name: name, What: fmt.Sprintf("%q is no cost that can be measured", parameter), Hint: hint}
		}
		if ns := c.Costs[parameter]; ns < 0 {
			return nil, &TextError{Name: name, What: fmt.Sprintf("%s is %d ns: costs are not negative", parameter, ns), Hint: hint}
		}
	}
	return c, nil
}

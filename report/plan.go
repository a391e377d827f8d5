package report

import (
	"fmt"
	"io"
	"net/netip"
)

// planSchema names the version of the JSON that plans test flows.
const planSchema = "rssreplay/plan/v1"

// Plan is test flows that load every CPU alike.
type Plan struct {
	Head
	Protocol       string            `json:"protocol"` // "tcp" or "udp"
	Source         netip.Addr        `json:"source"`
	Destination    netip.Addr        `json:"destination"`
	Parameters     Parameters        `json:"parameters"`      // of the host that the flows go to
	PeerParameters *Parameters       `json:"peer_parameters"` // of the one that replies go to; nil where these are not planned
	Flows          List[PlannedFlow] `json:"flows"`

	Notes   []string `json:"-"` // the text's first lines
	Caveats []string `json:"-"`
}

// PlannedFlow is one test flow, where it goes, and the command that makes it.
type PlannedFlow struct {
	SourcePort      uint16       `json:"source_port"`
	DestinationPort uint16       `json:"destination_port"`
	To              PlannedPlace `json:"to"`
	// Reply is where the packets of the other direction go; null where that was not
	// planned.
	Reply   *PlannedPlace `json:"reply"`
	Command string        `json:"command"`
}

// PlannedPlace is where one direction of a flow goes.
type PlannedPlace struct {
	Hash     *string `json:"hash"` // "0x51ccc178"; null where no enabled type fits
	HashType string  `json:"hash_type"`
	Index    *int    `json:"index"`         // null where no entry decides
	Why      *string `json:"why,omitempty"` // who decided before the table: "rule 2045"
	Queue    int     `json:"queue"`
	CPU      int     `json:"cpu"`
}

// WritePlanJSON writes p in the schema rssreplay/plan/v1, laid out as WriteJSON
// does it; errors are those of w.
func WritePlanJSON(w io.Writer, p *Plan) error {
	return writeDocument(w, struct {
		Schema string `json:"schema"`
		*Plan
	}{planSchema, p})
}

// WritePlanCommands writes the commands alone, one on a line, for a shell.
func WritePlanCommands(w io.Writer, p *Plan) error {
	for _, f := range p.Flows {
		if _, err := fmt.Fprintln(w, f.Command); err != nil {
			return err
		}
	}
	return nil
}

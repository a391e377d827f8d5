package text

import (
	"fmt"
	"strconv"

	"rssreplay/report"
	"rssreplay/report/internal/words"
)

// story writes one mode's: steps, then the parts of the latency.
func (t *writer) story(s *report.Story, x *report.Explanation) {
	head := ""
	switch s.Outcome {
	case "indicated":
		head = fmt.Sprintf("indicated on CPU %d, %s after its arrival", *s.CPU, words.ExactNanoseconds(*s.Latency))
	case "dropped":
		head = "dropped: no free buffer of " + queueWords(s)
	case "dropped_in_backlog":
		head = fmt.Sprintf("dropped: too many packets waited for CPU %d", *s.RPS.CPU)
	case "dropped_by_rule":
		head = "dropped at its arrival by a rule"
	case "sent":
		head = fmt.Sprintf("sent on CPU %d", *s.CPU)
	}
	t.heading(s.Mode, head)
	step, after, at := len("step"), len("after arrival"), len("at")
	for i := range s.Steps {
		step = max(step, len(s.Steps[i].Step))
		after = max(after, len(sign(s.Steps[i].After)))
		at = max(at, len(moment(s.Steps[i].At)))
	}
	columns := func(a, b, c string) string { return fmt.Sprintf("%-*s  %*s  %*s", step, a, after, b, at, c) }
	label := columns("step", "after arrival", "at")
	t.para(label, len(label)+2, "what happens", report.Faint)
	for i := range s.Steps {
		e := &s.Steps[i]
		label := columns(e.Step, sign(e.After), moment(e.At))
		st := report.Plain
		if e.Event == "drop" || e.Event == "backlog_drop" {
			st = report.Hot
		}
		t.para(label, len(label)+2, sentence(s, e, x), st)
	}
	if s.Latency == nil {
		return
	}
	t.line("")
	width := len(words.ExactNanoseconds(*s.Latency))
	for _, p := range s.Parts {
		if p.Time > 0 {
			t.para(fmt.Sprintf("%*s", width, words.ExactNanoseconds(p.Time)), width+2, partWords(s, p.Part), report.Plain)
		}
	}
	t.para(words.ExactNanoseconds(*s.Latency), width+2, "latency, the sum", report.Bold)
}

// sign is a time with its sign, "+1,200 ns".
func sign(ns int64) string {
	if ns < 0 {
		return words.ExactNanoseconds(ns)
	}
	return "+" + words.ExactNanoseconds(ns)
}

// sentence says what happens in a step.
func sentence(s *report.Story, e *report.StoryStep, x *report.Explanation) string {
	switch e.Event {
	case "fill":
		return fillWords(s, x)
	case "drop":
		return fmt.Sprintf("The NIC finds no free buffer of %s and drops the packet. Of its %s, %d are filled and not published, %d wait for a DPC, and a DPC has %d. %s",
			queueWords(s), words.Plural(uint64(s.Ring.Size), "buffer", "buffers"), s.Ring.Listed, s.Ring.Waiting, s.Ring.Taken, vectorWords(s, e))
	case "hash":
		if x.Steering.Hash == nil {
			return "It computes the hash."
		}
		return fmt.Sprintf("It computes the hash, %s.", *x.Steering.Hash)
	case "publish":
		return publishWords(s, e)
	case "more":
		return "Interrupts are masked: the NIC adds the buffer, and does not interrupt."
	case "raise":
		return raiseWords(s, e)
	case "isr_start":
		return fmt.Sprintf("The ISR is called on CPU %d.", *e.CPU)
	case "isr_end":
		if s.Mode == report.RSSHWQueues {
			return "It ends: a DPC is queued for each CPU with a non-empty queue."
		}
		return "It ends: interrupts are disabled, and a DPC is queued on its CPU."
	case "steer":
		return fmt.Sprintf("The DPC on CPU %d takes the buffer, and hands the packet over. RPS: %v.", *e.CPU, s.RPS)
	case "join":
		return fmt.Sprintf("The packet joins the backlog of CPU %d; its buffer comes back.", *e.CPU)
	case "backlog_drop":
		return fmt.Sprintf("More packets wait in the backlog of CPU %d than --backlog: the packet is dropped.", *e.CPU)
	case "ipi":
		return fmt.Sprintf("An IPI wakes the backlog of CPU %d.", *e.CPU)
	case "backlog_start":
		return fmt.Sprintf("The backlog of CPU %d has its turn.", *e.CPU)
	case "dpc_queue":
		return fmt.Sprintf("A DPC is queued for CPU %d.", *e.CPU)
	case "dpc_start":
		return dpcStartWords(s, e)
	case "deal":
		return fmt.Sprintf("It assigns the buffer by its hash to CPU %d.", *e.CPU)
	case "share_start":
		return fmt.Sprintf("It goes on with the share of its own CPU, %d.", *e.CPU)
	case "take":
		return takeWords(s)
	case "indicate":
		return "The packet is indicated up the driver stack."
	case "dpc_end":
		if s.SteeredBy != nil {
			return fmt.Sprintf("The turn ends, after %s.", words.Plural(uint64(s.DPC.Packets), "packet", "packets"))
		}
		return fmt.Sprintf("The DPC ends, after %s.", words.Plural(uint64(s.DPC.Packets), "packet", "packets"))
	case "enable":
		return enableWords(s, e)
	case "rule_drop":
		return "The NIC drops the packet by a rule. It takes no buffer, and counts in no queue."
	case "send":
		return sendWords(s)
	}
	return e.Event
}

// queueWords names the packet's hardware queue.
func queueWords(s *report.Story) string {
	if s.Mode == report.NonRSS || s.Mode == report.RSSSingleQueue {
		return "the hardware queue"
	}
	return "queue " + strconv.Itoa(*s.Queue)
}

func fillWords(s *report.Story, x *report.Explanation) string {
	text := fmt.Sprintf("The NIC fills a buffer of %s by DMA; %s of %s in use.", queueWords(s), words.Exact(uint64(s.Ring.Used)), words.Exact(uint64(s.Ring.Size)))
	if s.List != nil && x.Steering.Unhashed != nil {
		text += " It computes no hash."
	}
	return text
}

func publishWords(s *report.Story, e *report.StoryStep) string {
	text := fmt.Sprintf("The buffer is in the hardware queue, where %s. ", waitWords(*s.Waiting))
	if s.List != nil {
		why := "which is full"
		if s.List.Why == "timeout" {
			why = words.ExactNanoseconds(s.Times.DMATimeout) + " after its first packet came"
		}
		text = fmt.Sprintf("It publishes its list of completions, %s: this is number %d of %d. The buffer is in the queue of CPU %d, where %s. ",
			why, s.List.Place, s.List.Size, *e.CPU, waitWords(*s.Waiting))
	}
	return text + vectorWords(s, e)
}

func waitWords(n int) string { return words.Plural(uint64(n), "packet waits", "packets wait") }

// vectorWords says what the vector does at a step: why it is or is not raised.
func vectorWords(s *report.Story, e *report.StoryStep) string {
	var since string
	if s.Vector.Since != nil {
		since = words.ExactNanoseconds(e.At-*s.Vector.Since) + " ago"
	}
	switch s.Vector.State {
	case "waiting":
		if *s.Vector.Since < e.At {
			return "The interrupt is enabled; since " + since + " it waits to be due."
		}
	case "raised":
		return "The interrupt was raised " + since + "; the ISR is not called yet."
	case "isr":
		return "The interrupt is masked: it was raised " + since + ", and the ISR runs."
	case "dpc":
		if s.Mode == report.RSSHWQueues || s.Mode == report.RSSSingleQueue {
			return "The interrupt is masked: it was raised " + since + ", and not all of its DPCs are done."
		}
		return "The interrupt is masked: it was raised " + since + ", and the DPC runs."
	}
	return "The interrupt is enabled."
}

func raiseWords(s *report.Story, e *report.StoryStep) string {
	text := "The NIC interrupts the system, "
	if s.Mode == report.RSSMSIX {
		text = fmt.Sprintf("The NIC interrupts CPU %d, ", *e.CPU)
	}
	switch s.Raise.Cause {
	case "rx-frames":
		text += fmt.Sprintf("as %s wait (--rx-frames).", words.Plural(uint64(s.Times.RxFrames), "packet", "packets"))
	case "rx-usecs":
		text += fmt.Sprintf("%s after the oldest waiting packet was published (--rx-usecs).", words.ExactNanoseconds(s.Times.RxUsecs))
	case "itr":
		text += fmt.Sprintf("%s after the interrupt before it (--itr).", words.ExactNanoseconds(s.Times.ITR))
	default:
		text += "at once: it is enabled, and packets wait."
	}
	if s.Raise.Joined {
		text += " The packet joins this cycle."
	}
	return text
}

func dpcStartWords(s *report.Story, e *report.StoryStep) string {
	switch {
	case e.Dealing:
		return fmt.Sprintf("The DPC is called on CPU %d, and takes every buffer from the hardware queue.", *e.CPU)
	case s.DPC.Anew > 0:
		return fmt.Sprintf("The DPC starts anew on CPU %d, after %s of this cycle that used up --dpc-budget %d.", *e.CPU, words.Plural(uint64(s.DPC.Anew), "DPC", "DPCs"), s.Times.DPCBudget)
	}
	return fmt.Sprintf("The DPC is called on CPU %d.", *e.CPU)
}

func takeWords(s *report.Story) string {
	if s.SteeredBy != nil {
		return fmt.Sprintf("It takes the packet, number %d of the %s that it indicates.", s.DPC.Position, words.Exact(uint64(s.DPC.Packets)))
	}
	text := "The DPC takes the buffer, the only one that it indicates."
	if s.DPC.Packets > 1 {
		text = fmt.Sprintf("The DPC takes the buffer, number %d of the %s that it indicates.", s.DPC.Position, words.Exact(uint64(s.DPC.Packets)))
	}
	if s.RPS != nil { // in vain
		text += fmt.Sprintf(" RPS: %v.", s.RPS)
	}
	return text
}

func enableWords(s *report.Story, e *report.StoryStep) string {
	switch s.Mode {
	case report.RSSMSIX:
		return fmt.Sprintf("Interrupts of CPU %d are enabled: the cycle is complete.", *e.CPU)
	case report.NonRSS:
		return "The DPC enables the interrupts: the cycle is complete."
	}
	return "The last DPC to complete enables the interrupts: the cycle is complete."
}

func sendWords(s *report.Story) string {
	cost := "for " + words.ExactNanoseconds(s.Send.Cost)
	switch {
	case !s.Send.Home:
		return fmt.Sprintf("The packet is processed on CPU %d, that of the default queue, %s: no received packet of its connection was taken yet.", *s.CPU, cost)
	case *s.Send.Latest == *s.CPU:
		return fmt.Sprintf("The packet is processed on CPU %d, the home of its connection, %s. Its latest received packet was taken there too.", *s.CPU, cost)
	}
	return fmt.Sprintf("The packet is processed on CPU %d, the home of its connection, %s. Its latest received packet was taken on another, CPU %d.", *s.CPU, cost, *s.Send.Latest)
}

// partWords says what a packet waits for in a part of its latency.
func partWords(s *report.Story, part string) string {
	if part == "migration_cost" {
		return fmt.Sprintf("the state of its connection comes from CPU %d, which took the packet of its flow before", s.Migration.From)
	}
	return partTexts[part]
}

// partTexts are what a packet waits for in the parts of its latency.
var partTexts = map[string]string{
	"list":                   "until its list of completions is published",
	"masked":                 "until the interrupt is enabled",
	"moderation":             "until the interrupt is due",
	"interrupt_latency":      "until the ISR is called",
	"isr":                    "the ISR",
	"deal":                   "the DPC that deals the buffers out",
	"ipi_latency":            "until the DPC starts on the other CPU",
	"earlier_dpcs":           "DPCs of the same cycle before its own",
	"dpc_cost":               "the DPC's own cost",
	"packets_before":         "packets before it in the DPC",
	"rps_cost":               "handing it over to another CPU's backlog",
	"backlog":                "until the backlog has its turn",
	"backlog_dpc_cost":       "the turn's own cost",
	"backlog_packets_before": "packets before it in the backlog",
	"packet_cost":            "its own way up the driver stack",
}

// moment is a time since the first packet, "1.250000100 s".
func moment(ns int64) string { return fmt.Sprintf("%d.%09d s", ns/1e9, ns%1e9) }

package verify

import (
	"reflect"
	"testing"

	"rssreplay/pcaps"
)

// TestObservedOrder: observations that differ in any one thing have an order, the same
// whichever comes first: else those of a map would come in another one each time.
func TestObservedOrder(t *testing.T) {
	changes := map[string]func(*observed){
		"outer": func(o *observed) { o.outer[4] = 1 }, "hash": func(o *observed) { o.hash = 1 },
		"hasHash": func(o *observed) { o.hasHash = true }, "queue": func(o *observed) { o.queue = 1 },
		"cpu": func(o *observed) { o.cpu = 1 }, "own": func(o *observed) { o.own = 1 },
		"Home": func(o *observed) { o.ext.Home[15] = 1 }, "Routing": func(o *observed) { o.ext.Routing[15] = 1 },
		"Src": func(o *observed) { o.header.Src[15] = 1 }, "Dst": func(o *observed) { o.header.Dst[15] = 1 },
		"SrcPort": func(o *observed) { o.header.SrcPort = 1 }, "DstPort": func(o *observed) { o.header.DstPort = 1 },
		"Encapsulations": func(o *observed) { o.header.Encapsulations = 1 }, "Facts": func(o *observed) { o.header.Facts = 1 },
		"Protocol": func(o *observed) { o.header.Protocol = 1 }, "Version": func(o *observed) { o.header.Version = 1 },
		"Source": func(o *observed) { o.frame.Source[5] = 1 }, "Destination": func(o *observed) { o.frame.Destination[5] = 1 },
		"TagType": func(o *observed) { o.frame.TagType = 1 }, "Tag": func(o *observed) { o.frame.Tag = 1 },
		"EtherType": func(o *observed) { o.frame.EtherType = 1 }, "Class": func(o *observed) { o.frame.Class = 1 },
		"Has": func(o *observed) { o.frame.Has = 1 }, "L4": func(o *observed) { o.frame.L4[3] = 1 }, "AH": func(o *observed) { o.frame.AH[3] = 1 },
		"Reason": func(o *observed) { o.header.Reason = 1 }, "Direction": func(o *observed) { o.header.Direction = 1 },
	}
	for _, of := range []reflect.Type{reflect.TypeFor[observed](), reflect.TypeFor[pcaps.Header](), reflect.TypeFor[pcaps.Extension](), reflect.TypeFor[pcaps.Frame]()} {
		for i := range of.NumField() {
			if name := of.Field(i).Name; changes[name] == nil && name != "header" && name != "ext" && name != "frame" && name != "TCPFlags" { // no rule compares these
				t.Errorf("nothing here changes %s.%s", of.Name(), name)
			}
		}
	}
	for one, change := range changes {
		var zero, a observed
		change(&a)
		if a.compare(&a) != 0 || a.compare(&zero) <= 0 || zero.compare(&a) >= 0 {
			t.Errorf("%s has no part in the order", one)
		}
		for other, change := range changes {
			var b observed
			change(&b)
			if x, y := a.compare(&b), b.compare(&a); x != -y || (x == 0) != (one == other) {
				t.Errorf("%s and %s: %d and %d", one, other, x, y)
			}
		}
	}
}

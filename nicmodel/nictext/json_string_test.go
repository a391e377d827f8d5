package nictext

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a string of JSON holds, as Ansible and GitHub have it, is read as the text that it
// is; one in a command is none.
func TestJSONString(t *testing.T) {
	text := tableText + keyText + toeplitzText
	want, err := ReadTable(strings.NewReader(text), "x")
	if err != nil {
		t.Fatal(err)
	}
	quoted := func(text string) string {
		data, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	var inLines []string
	for line := range strings.SplitSeq(text, "\n") {
		inLines = append(inLines, quoted(line))
	}
	for _, made := range []string{
		quoted(text), `{"stdout":` + quoted(text) + `, "rc": 0}`, "[\n  \"a\",\n  " + quoted(text) + "\n]",
		"ok: [host-1] => {\n    \"out.stdout\": " + quoted(text) + "\n}\n",
		`{"body": ` + quoted("My \"NIC\":\r\n```\r\n"+strings.ReplaceAll(text, "\n", "\r\n")+"```\r\n") + `, "id": 3}`,
		`{"stdout": ` + quoted(text) + `, "stdout_lines": [` + strings.Join(inLines, ", ") + `]}`,
		`{"log": ` + quoted("\x1b[0m"+text) + `}`,
	} {
		got, err := ReadTable(strings.NewReader(made), "x")
		if err != nil {
			t.Errorf("%s: %v", made, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", made, diff)
		}
		if kinds := Sniff([]byte(made)); !cmp.Equal(kinds, Sniff([]byte(text))) {
			t.Errorf("%s: %v", made, kinds)
		}
	}
	const answer = `[ {"ifname":"eth0","rss-indirection-table":[0,1,2,3]} ]`
	wantJSON, err := ReadTable(strings.NewReader(answer), "x")
	if err != nil {
		t.Fatal(err)
	}
	reads(t, ReadTable, *wantJSON, `{"stdout": `+quoted("\n"+answer+"\n")+`}`)
	for _, command := range []string{`$ printf "f\nf\n" >masks`, `C:\nic\new: "a`, `"f": "\q\n"`} {
		if diff := cmp.Diff(command, strings.Join(Lines([]byte(command)), "\n")); diff != "" {
			t.Error(diff)
		}
	}
}

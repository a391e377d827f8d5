package nictext

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asJSON is a value as JSON has it.
func asJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What holds a command's output, or moves a terminal's cursor, is no part of it.
func TestPackedTexts(t *testing.T) {
	text := tableText + keyText + toeplitzText
	want, err := ReadTable(strings.NewReader(text), "x")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	indented, err := json.MarshalIndent(lines, "    ", "  ")
	if err != nil {
		t.Fatal(err)
	}
	docker := ""
	for _, line := range lines {
		docker += fmt.Sprintf(`{"log":%s,"stream":"stdout","time":"2026-11-26T21:40:01Z"}`+"\n", asJSON(t, line+"\n"))
	}
	logfmt, journal, items := "", "", "stdout_lines:\n"
	for i, line := range lines {
		logfmt += fmt.Sprintf("ts=2026-11-27T06:00:%02dZ level=info msg=%s host=node-1\n", i, asJSON(t, line))
		journal += fmt.Sprintf(`{"_PID":"7","MESSAGE":%s,"PRIORITY":"6"}`+"\n", asJSON(t, line))
		items += "  - '" + line + "'\n"
	}
	half := len(lines) / 2
	paged := strings.Join(lines[:half], "\n") + "\n--More--" + strings.Repeat("\b", 8) + strings.Repeat(" ", 8) + strings.Repeat("\b", 8) + strings.Join(lines[half:], "\n")
	mailed := strings.ReplaceAll(strings.Replace(text, microsoftKey, microsoftKey[:75]+"=\r\n"+microsoftKey[75:], 1), "toeplitz: ", "toeplitz:=20")
	colours := strings.ReplaceAll(strings.ReplaceAll(text, "RX flow", "[01;31m[KRX[m[K flow"), "on\n", "[01;32mon[0m\n")
	for name, made := range map[string]string{
		"stdout_lines":            `{"rc": 0, "stdout_lines": ` + asJSON(t, lines) + `}`,
		"a task of Ansible":       "TASK [debug] ***\nok: [host-1] => {\n    \"changed\": true,\n    \"out.stdout_lines\": " + string(indented) + "\n}\n",
		"stdout and its lines":    `{"stdout": ` + asJSON(t, text) + `, "stdout_lines": ` + asJSON(t, lines) + `}`,
		"Docker's log":            docker,
		"escaped line ends":       strings.ReplaceAll(text, "\n", `\n`),
		"escaped, below a prompt": "$ ethtool -x eth0" + strings.ReplaceAll("\n"+text, "\n", `\n`),
		"bold of a printer":       strings.ReplaceAll(text, "RSS", "R\bRS\bSS\bS"),
		"several results":         `{"results": [{"cmd": ["grep", ".", "/x"], "stdout": ` + asJSON(t, text) + `, "stdout_lines": ` + asJSON(t, lines) + `}, {"stdout": "x: y\nz"}]}`,
		"Python's bytes":          "b'" + strings.ReplaceAll(text, "\n", `\n`) + "'\n",
		"Python's list":           pythonRepr(lines, "", ""),
		"Python's lines":          "out:\n" + pythonRepr(lines, `\n`, "") + "\n",
		"Python's lines of bytes": pythonRepr(lines, `\r\n`, "b"),
		"Python's list, printed":  strings.ReplaceAll(pythonRepr(lines, "", ""), "', '", "',\n '"),
		"logfmt":                  `time="2026-11-27T06:00:00Z" level=info msg=` + asJSON(t, text),
		"logfmt, a line each":     logfmt,
		"a result with a message": `{"msg": "", "stdout_lines": ` + asJSON(t, lines) + `}`,
		"a message and its text":  `{"msg": "done", "stdout": ` + asJSON(t, text) + `}`,
		"a journal's JSON":        journal,
		"YAML's items":            items,
		"rsyslog":                 "Nov 26 21:40:01 host rss: " + strings.ReplaceAll(text, "\n", "#012") + "\n",
		"a pager":                 paged,
		"a pager, in a log":       strings.Join(lines[:half], "\n") + "\n--More-- (50%)\n" + strings.Join(lines[half:], "\n"),
		"a pager before a row":    strings.Join(lines[:half], "\n") + "\n--More--        " + strings.Join(lines[half:], "\n"),
		"a pager, wiped out":      strings.Join(lines[:half], "\n") + "\n--More--(50%)\r             \r" + strings.Join(lines[half:], "\n"),
		"in one line":             "<pre>$ ethtool -x eth0 " + strings.Join(lines, " ") + "</pre>",
		"line ends lost":          strings.Join(lines, ""),
		"bold titles":             strings.NewReplacer("RX flow", "**RX flow", "(s):", "(s):**", "RSS hash key:", "**RSS hash key:**").Replace(text),
		"bold lines":              "**" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "**\n**") + "**",
		"bullets":                 "• " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n• "),
		"a forum's code":          "[CODE=bash]" + text + "[/CODE]\n",
		"a page's cells":          "<table><tr><td>" + strings.ReplaceAll(text, "\n", "</td></tr><tr><td>") + "</td></tr></table>",
		"mail":                    mailed,
		"mail with its header":    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n" + mailed,
		"mail in Latin-1":         strings.ReplaceAll(strings.ReplaceAll(text, " ", "=A0"), "\n", "=0A=\n"),
		"Latin-1":                 "K\xf6ln:\n" + strings.ReplaceAll(text, " ", "\xa0"),
		"colours spelled out":     "^[[1m" + strings.ReplaceAll(text, "\n", "^[[0m^M\n"),
		"colours, half lost":      colours,
		"line separators":         strings.ReplaceAll(text, "\n", "\u2028"),
		"a list":                  "- " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n- ") + "\n",
		"a list of code":          "`" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "`\n`") + "`\n",
		"inline code":             "`" + text + "`\n",
		"a fence on its lines":    "Here it is, from `ethtool -x eth0`:\n```" + strings.TrimSuffix(text, "\n") + "```\n",
		"a quoted fence":          "> ```\n> " + strings.ReplaceAll(text, "\n", "\n> ") + "```\n",
		"a remark at each line":   strings.ReplaceAll(text, "\n", "   <--- 16 queues?\n"),
		"remarks and Windows":     strings.ReplaceAll(text, "\n", "\t<== here\r\n"),
		"a remark on a page":      strings.ReplaceAll(text, "\n", "  &lt;- look<br>\n"),
		"remarks, and old Macs":   strings.ReplaceAll(text, "\n", "  <-- here\r"),
		"comments behind lines":   strings.ReplaceAll(text, "\n", "\t# 16 queues\n"),
		"comments, spaced":        strings.ReplaceAll(text, "\n", "     # 16\n"),
		"comments, close":         strings.ReplaceAll(text, "0     1     2     3\n", "0     1     2     3 # 16\n"),
		"comments of C":           strings.ReplaceAll(text, "\n", " // 16\n"),
		"Markdown, escaped":       markdown.ReplaceAllString(text, `\$0`),
		"Markdown, escaped ends":  strings.ReplaceAll(text, "\n", "\\\r\n"),
		"a box":                   "+" + strings.Repeat("-", 130) + "+\n" + boxed("|", lines) + "+" + strings.Repeat("-", 130) + "+\n",
		"a drawn box":             "┌─┐\n" + boxed("│", lines) + "└─┘\n",
		"bare arrows":             strings.ReplaceAll(text, "\n", " <<\n"),
		"wide colons":             strings.ReplaceAll(text, ":", "："),
	} {
		got, err := ReadTable(strings.NewReader(made), "x")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Lines of pages alone end their paragraph, and no line is lost.
func TestUnpage(t *testing.T) {
	lines := Lines([]byte("a\n--More--\nb\n--More-- c\n--more--\n\n--More--\nd\n\ne\n--More--"))
	if diff := cmp.Diff([]string{"a", "b", "c", "", "", "", "d", "", "", "e", ""}, lines); diff != "" {
		t.Error(diff)
	}
}

// Lists of names and of what no command prints stay, as do lines that are alike, and signs of
// equality that no mail program wrote.
func TestListsThatStay(t *testing.T) {
	for _, text := range []string{`{"tcp4": ["ip-src", "ip-dst"]}`, `["a"]`, "a =\nb", "====\nx\n===="} {
		if diff := cmp.Diff(text, strings.Join(Lines([]byte(text)), "\n")); diff != "" {
			t.Error(diff)
		}
	}
	for _, text := range []string{"IRQBALANCE_ARGS=\nx", "time=09:15:02 host=a\nrx_queue_0_packets=1200", "time=09\nrx_queue_0_packets=1200"} {
		if diff := cmp.Diff(text, strings.Join(Lines([]byte(text)), "\n")); diff != "" {
			t.Error(diff)
		}
	}
	text := `{"log":"f\n"}` + "\n" + `{"log":"f\n"}` + "\n"
	if diff := cmp.Diff([]string{"f", "f", ""}, Lines([]byte(text))); diff != "" {
		t.Error(diff)
	}
}

// markdown matches what Markdown's editors escape.
var markdown = regexp.MustCompile(`[_\[\]()-]`)

// boxed is the lines between bars.
func boxed(bar string, lines []string) string {
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%s %-128s %[1]s\n", bar, line)
	}
	return text.String()
}

// pythonRepr is a list of lines as Python prints it.
func pythonRepr(lines []string, end, kind string) string {
	return "[" + kind + "'" + strings.Join(lines, end+"', "+kind+"'") + end + "']\n"
}

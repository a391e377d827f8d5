package nictext

import (
	"strings"
	"testing"

	"rssreplay/hash"
)

func TestReadKey(t *testing.T) {
	want, err := hash.ParseKey("microsoft")
	if err != nil {
		t.Fatal(err)
	}
	reads(t, ReadKey, KeyFile{want}, append(quoted(microsoftKey+"\n"), "# from the host\n"+microsoftKey+"\n"+microsoftKey+"\n", strings.ToUpper(microsoftKey))...)

	refuses(t, ReadKey, "", "x: is empty")
	refuses(t, ReadKey, "# nothing\n", "x: is empty")
	refuses(t, ReadKey, "\ncat: /proc/sys/net/core/netdev_rss_key: Permission denied\n", "x: line 2: is no hash key")
	refuses(t, ReadKey, microsoftKey[3:]+"\n", "x: line 1: is no hash key") // 39 bytes
	refuses(t, ReadKey, "Operation not supported\n", "x: line 1: the driver shows no key")
	refuses(t, ReadKey, microsoftKey+"\n"+strings.Replace(microsoftKey, "6d", "6e", 1)+"\n", "x: line 2: another key than on line 1")
	refuses(t, ReadKey, "#\n"+strings.Repeat("00:", 51)+"00\n", "x: line 2: the key is all zeros: the host has not drawn one yet")
}

package nictext

import (
	"slices"
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

	plain := strings.ReplaceAll(microsoftKey, ":", "")
	reads(t, ReadKey, KeyFile{want},
		"testpmd> show port 0 rss-hash key\nRSS functions:\n  ipv4  ipv4-frag  ipv4-tcp  ipv6\nRSS key:\n"+strings.ToUpper(plain)+"\n",
		"net.inet.rss.key: "+plain+"\nnet.inet.rss.bucket_mapping: 0:0 1:1 2:2 3:3\nnet.inet.rss.enabled: 1\n",
		"0x"+strings.ReplaceAll(microsoftKey, ":", ", 0x")+"\n", strings.ReplaceAll(microsoftKey, ":", " ")+"\n0x"+plain+"\n",
		"static const u8 key[] = ...\n"+"{0x6d5a56da, 0x255b0ec2, 0x4167253d, 0x43a38fb0, 0xd0ca2bcb, 0xae7b30b4, 0x77cb2da3, 0x8030f20c, 0x6a42b73b, 0xbeac01fa}\n",
		"# an array\n{\n0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,\n"+
			"0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa\n};\n",
	)

	bytes := strings.ReplaceAll(microsoftKey, ":", ", 0x")
	reads(t, ReadKey, KeyFile{want},
		"static uint8_t key[40] = { 0x"+bytes+" };\n",
		"static const u8 key[40] = {\n\t0x"+bytes[:100]+"\n\t"+bytes[100:]+",\n};\n",
	)
	refuses(t, ReadKey, "u8 one[40] = { 0x"+bytes+" }, other[1] = { 0 };\n", "x: line 1: is no hash key")
	for _, line := range []string{"net.core.netdev_rss_key = " + microsoftKey, "/proc/sys/net/core/netdev_rss_key:" + microsoftKey, "`" + microsoftKey + "`", `"` + plain + `"`} {
		reads(t, ReadKey, KeyFile{want}, line+"\n")
	}
	if kinds := Sniff([]byte("net.core.netdev_rss_key = " + microsoftKey + "\n")); !slices.Equal(kinds, []Kind{KindKey}) {
		t.Errorf("sysctl's is recognised as %v", kinds)
	}

	refuses(t, ReadKey, "", "x: is empty")
	refuses(t, ReadKey, "# nothing\n", "x: is empty")
	refuses(t, ReadKey, "\ncat: /proc/sys/net/core/netdev_rss_key: Permission denied\n", "x: line 2: is no hash key")
	refuses(t, ReadKey, microsoftKey[3:]+"\n", "x: line 1: key of 39 bytes: NICs use 40 or 52")
	refuses(t, ReadKey, strings.Repeat("6d5a", 8)+"\n", "x: line 1: key of 16 bytes: NICs have 40 or 52")
	refuses(t, ReadKey, "Operation not supported\n", "x: line 1: the driver shows no key")
	refuses(t, ReadKey, microsoftKey+"\n"+strings.Replace(microsoftKey, "6d", "6e", 1)+"\n", "x: line 2: another key than on line 1")
	refuses(t, ReadKey, "#\n"+strings.Repeat("00:", 51)+"00\n", "x: line 2: the key is all zeros: the host has not drawn one yet")
}

// Programs for tc that put IPv4 packets into GRE and take them out, for kernels
// without GRE interfaces. The script make attaches them.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

// GCC's way to name a kernel helper.
int adjust_room(struct __sk_buff *frame, int bytes, unsigned mode, unsigned long long flags)
	__attribute__((kernel_helper(BPF_FUNC_skb_adjust_room)));
int store_bytes(struct __sk_buff *frame, unsigned at, const void *from, unsigned bytes, unsigned long long flags)
	__attribute__((kernel_helper(BPF_FUNC_skb_store_bytes)));
int load_bytes(const void *frame, unsigned at, void *to, unsigned bytes)
	__attribute__((kernel_helper(BPF_FUNC_skb_load_bytes)));

#define SECTION(name) __attribute__((section(name)))

enum { PROTOCOL_GRE = 47, OUTER_BYTES = 24 }; // IPv4 without options, GRE without any

struct outer {
	unsigned short ip[10]; // in network order
	unsigned short gre_flags, gre_protocol;
};

#define BIG16(x) ((unsigned short)__builtin_bswap16(x))

// wrap puts an IPv4 packet between the two ends 192.0.2.from and 192.0.2.to.
static inline __attribute__((always_inline)) int wrap(struct __sk_buff *frame, unsigned char from, unsigned char to)
{
	struct outer o = {};
	unsigned long long flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	unsigned sum = 0;
	int i;

	if (frame->protocol != BIG16(ETH_P_IP))
		return TC_ACT_OK; // ARP
	if (adjust_room(frame, OUTER_BYTES, BPF_ADJ_ROOM_MAC, flags))
		return TC_ACT_SHOT;
	o.ip[0] = BIG16(0x4500);
	o.ip[1] = BIG16(frame->len - ETH_HLEN);
	o.ip[3] = BIG16(0x4000); // do not fragment
	o.ip[4] = BIG16(64 << 8 | PROTOCOL_GRE);
	o.ip[6] = o.ip[8] = BIG16(192 << 8 | 0);
	o.ip[7] = BIG16(2 << 8 | from);
	o.ip[9] = BIG16(2 << 8 | to);
	o.gre_protocol = BIG16(ETH_P_IP);
	for (i = 0; i < 10; i++)
		sum += o.ip[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	o.ip[5] = ~sum;
	return store_bytes(frame, ETH_HLEN, &o, sizeof o, 0) ? TC_ACT_SHOT : TC_ACT_OK;
}

// From the server, 192.0.2.1, to the router, 192.0.2.254.
SECTION("tc/togre_server") int togre_server(struct __sk_buff *frame)
{
	return wrap(frame, 1, 254);
}

SECTION("tc/togre_router") int togre_router(struct __sk_buff *frame)
{
	return wrap(frame, 254, 1);
}

// What is inside GRE; other frames stay as they are.
SECTION("tc/fromgre") int fromgre(struct __sk_buff *frame)
{
	unsigned char protocol;

	if (frame->protocol != BIG16(ETH_P_IP) || load_bytes(frame, ETH_HLEN + 9, &protocol, 1) || protocol != PROTOCOL_GRE)
		return TC_ACT_OK;
	return adjust_room(frame, -OUTER_BYTES, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO) ? TC_ACT_SHOT : TC_ACT_OK;
}

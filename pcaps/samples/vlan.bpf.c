// Programs for tc that put 802.1Q tags on frames and take them off, for kernels
// without VLAN interfaces. The script make attaches them.

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

// GCC's way to name a kernel helper; protocol is in network order.
int vlan_push(struct __sk_buff *frame, int protocol, int id) __attribute__((kernel_helper(BPF_FUNC_skb_vlan_push)));
int vlan_pop(struct __sk_buff *frame) __attribute__((kernel_helper(BPF_FUNC_skb_vlan_pop)));

#define SECTION(name) __attribute__((section(name)))

// VLAN 42.
SECTION("tc/tagged") int tagged(struct __sk_buff *frame)
{
	return vlan_push(frame, __builtin_bswap16(ETH_P_8021Q), 42) ? TC_ACT_SHOT : TC_ACT_OK;
}

// VLAN 42 in service VLAN 100 (802.1ad).
SECTION("tc/stacked") int stacked(struct __sk_buff *frame)
{
	if (vlan_push(frame, __builtin_bswap16(ETH_P_8021Q), 42) ||
	    vlan_push(frame, __builtin_bswap16(ETH_P_8021AD), 100))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

// Up to two tags off; a frame without a tag stays as it is.
SECTION("tc/untagged") int untagged(struct __sk_buff *frame)
{
	return vlan_pop(frame) || vlan_pop(frame) ? TC_ACT_SHOT : TC_ACT_OK;
}

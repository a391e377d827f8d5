#!/bin/sh
# Collects what rssreplay needs to know of a network interface of this Linux host.
# It only reads: nothing on the host is changed, and nothing is installed.
#
#   rssreplay collect | ssh root@host sh -s -- eth0 >rss-eth0.tar.gz
#   rssreplay collect | ssh root@host sh -s -- eth0 -c 10 >rss-eth0.tar.gz
#
# DEV         the interface
# -c SECONDS  also capture so long with tcpdump, 128 bytes of each packet, and
#             take the counters before, in the middle and after
#
# The archive, on standard output, has one text a question. What the host lacks or
# refuses is noted in missing.txt, and nothing fails for it. The texts hold MAC and IP
# addresses of the interface and those above it, names of devices, and counts; the capture
# holds headers, and what else the first 128 bytes of packets have. Look before you send.

set -u
export LC_ALL=C

usage() {
	echo "usage: sh -s -- DEV [-c SECONDS] >rss-DEV.tar.gz" >&2
	exit 2
}

dev=
seconds=0
while [ $# -gt 0 ]; do
	case $1 in
	-c)
		[ $# -ge 2 ] || usage
		seconds=$2
		shift
		;;
	-*) usage ;;
	*)
		[ -z "$dev" ] || usage
		dev=$1
		;;
	esac
	shift
done
case $dev in '' | */* | .*) usage ;; esac
case $seconds in '' | *[!0-9]*) usage ;; esac
if [ ! -e "/sys/class/net/$dev" ]; then
	there=
	for path in /sys/class/net/*; do
		there="$there ${path##*/}"
	done
	echo "collect: there is no interface $dev here; there are:$there" >&2
	exit 1
fi
if [ -t 1 ]; then
	echo "collect: the archive goes to standard output: append >rss-$dev.tar.gz" >&2
	exit 2
fi

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
out=$work/rss-$dev
mkdir "$out"

# keep FILE COMMAND...: what the command prints, of its errors too.
keep() {
	file=$out/$1
	shift
	if ! "$@" >"$file" 2>&1; then
		echo "$*: $(head -n 1 "$file")" >>"$out/missing.txt"
	fi
}

# values FILE PATTERN...: the files that match, each line with its file's name.
values() {
	file=$out/$1
	shift
	# The patterns are the shell's: it leaves one that matches nothing as it is.
	# shellcheck disable=SC2068
	grep -H . $@ >"$file" 2>/dev/null
	[ -s "$file" ] || {
		echo "$*: none" >>"$out/missing.txt"
		rm -f "$file"
	}
}

# addresses DEV: those of an interface, and of bonds, bridges and VLANs above it.
addresses() {
	ip -o addr show dev "$1"
	for upper in "/sys/class/net/$1"/upper_*; do
		[ ! -e "$upper" ] || addresses "${upper##*/upper_}"
	done
}

# An interface that stands above others has no queues of its own: a bond, a VLAN, and on
# Azure the one above a virtual function.
below=
for lower in "/sys/class/net/$dev"/lower_*; do
	[ ! -e "$lower" ] || below="$below ${lower##*/lower_}"
done
if [ -n "$below" ]; then
	echo "collect: packets of $dev come through$below: run this for the NIC among these, too" | tee -a "$out/missing.txt" >&2
fi

# snapshot NAME: the counters of this moment.
snapshot() {
	mkdir -p "$out/snapshots/$1"
	for text in net/softnet_stat softirqs stat interrupts uptime; do
		keep "snapshots/$1/$(basename "$text").txt" cat "/proc/$text"
	done
	keep "snapshots/$1/ethtool-S.txt" ethtool -S "$dev"
	# Newer kernels count the packets of some drivers' queues there alone.
	if command -v ynl >/dev/null; then
		keep "snapshots/$1/qstats.txt" ynl --family netdev --dump qstats-get --json "{\"scope\": \"queue\", \"ifindex\": $(cat "/sys/class/net/$dev/ifindex")}"
	fi
}

keep ethtool-i.txt ethtool -i "$dev"
keep ethtool-l.txt ethtool -l "$dev"
keep ethtool-g.txt ethtool -g "$dev"
keep ethtool-c.txt ethtool -c "$dev"
keep ethtool-x.txt ethtool -x "$dev"
keep ethtool-k.txt ethtool -k "$dev"
keep rules.txt ethtool -n "$dev"
for kind in tcp4 udp4 tcp6 udp6; do
	keep "flow-hash-$kind.txt" ethtool -n "$dev" rx-flow-hash $kind
done
keep interrupts.txt cat /proc/interrupts
values affinity.txt '/proc/irq/[0-9]*/*_affinity_list'
keep key.txt cat /proc/sys/net/core/netdev_rss_key
values rps.txt "/sys/class/net/$dev/queues/*/rps_*" /sys/devices/system/cpu/online /sys/devices/system/cpu/offline /proc/sys/net/core/rps_sock_flow_entries /proc/sys/net/core/netdev_max_backlog
values xps.txt "/sys/class/net/$dev/queues/*/xps_*"
values device.txt "/sys/class/net/$dev/threaded" "/sys/class/net/$dev/napi_defer_hard_irqs" "/sys/class/net/$dev/gro_flush_timeout" "/sys/class/net/$dev/device/numa_node" "/sys/class/net/$dev/device/channel_vp_mapping" "/sys/class/net/$dev/mtu" /proc/sys/net/core/busy_poll /proc/sys/net/core/busy_read
keep lscpu.txt lscpu -p=CPU,CORE,SOCKET,NODE
keep numa.txt numactl -H
for text in net/softnet_stat softirqs stat uptime; do
	keep "$(basename "$text").txt" cat "/proc/$text"
done
keep addresses.txt addresses "$dev"
keep uname.txt uname -srm

if [ "$seconds" -gt 0 ]; then
	snapshot 00
	# Some drop root's rights before they open a file: the shell opens this one.
	tcpdump -i "$dev" -s 128 -w - >"$out/capture.pcap" 2>"$out/tcpdump.txt" &
	capture=$!
	sleep "$((seconds / 2))"
	snapshot 01
	sleep "$((seconds - seconds / 2))"
	kill -INT "$capture" 2>/dev/null
	wait "$capture"
	if [ ! -s "$out/capture.pcap" ]; then
		echo "collect: there is no capture: $(head -n 1 "$out/tcpdump.txt")" | tee -a "$out/missing.txt" >&2
		rm -f "$out/capture.pcap"
	fi
	snapshot 02
fi

tar -C "$work" -cf - "rss-$dev" | gzip -c

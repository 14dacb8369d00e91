#!/bin/sh
# Two routers and a host behind them, in network namespaces of their own: us (10.1.0.1) - a - b - c (10.3.0.2). Exits with 9
# where that is not allowed; else becomes the command that is given.
(
    set -e
    mount -t tmpfs none /run
    mkdir -p /run/netns
    ip link set lo up
    for name in a b c; do
        ip netns add "$name"
        ip -n "$name" link set lo up
    done
    ip link add us type veth peer name near netns a
    ip -n a link add far type veth peer name near netns b
    ip -n b link add far type veth peer name near netns c
    ip addr add 10.1.0.1/24 dev us
    ip link set us up
    for end in "a near 10.1.0.2" "a far 10.2.0.1" "b near 10.2.0.2" "b far 10.3.0.1" "c near 10.3.0.2"; do
        set -- $end
        ip -n "$1" addr add "$3/24" dev "$2"
        ip -n "$1" link set "$2" up
    done
    ip route add 10.2.0.0/15 via 10.1.0.2
    ip -n a route add 10.3.0.0/24 via 10.2.0.2
    ip -n b route add 10.1.0.0/24 via 10.2.0.1
    ip -n c route add default via 10.3.0.1
    for name in a b; do
        ip netns exec "$name" sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
    done
) > /dev/null || exit 9
exec "$@"

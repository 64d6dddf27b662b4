#!/bin/bash
# The virtual machine's only program: network namespaces are nodes, databases and a client. It reads commands from the
# second serial port, a line each, and answers there: a word, the seconds since boot, then what the word is about.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
here=/opt

now() { cut -d ' ' -f 1 /proc/uptime; }
say() { echo "$1 $(now) ${*:2}"; }

# As long as `halt` has not come, a closed port or a fault must not end the first process: the kernel would panic.
main() {
  mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /tmp
  mount -t devtmpfs devtmpfs /dev 2>/dev/null
  cp $here/keepalived/keepalived-check.sh /
  mkdir -p /run/netns /run/pods
  stty -F /dev/ttyS1 raw -echo
  exec </dev/ttyS1 >/dev/ttyS1
  for module in ip_vs ip_vs_wlc nf_conntrack bridge veth iptable_nat iptable_filter; do modprobe $module; done
  local card; card=$(basename "$(ls -d /sys/class/net/e*)")
  ip link set lo up
  # The addresses are those of QEMU's user network; 10.0.2.2 is the machine outside, with the API server.
  ip address add 10.0.2.15/24 dev "$card"; ip link set "$card" up; ip route add default via 10.0.2.2
  echo 1 >/proc/sys/net/ipv4/ip_forward
  ip link add lan type bridge; ip link set lan up
  iptables -t nat -A POSTROUTING -d 10.0.2.0/24 -j MASQUERADE
  say ready
  local line
  set -f
  while true; do read -r line && $line || sleep 0.1; done
}

lan() { ip address add "$1" dev lan; }  # gateway with its prefix length: the way of all nodes to the API server

attach() {  # namespace, address with its prefix length, gateway
  ip netns add "$1"
  ip link add "lan-$1" type veth peer name eth0 netns "$1"; ip link set "lan-$1" master lan up
  ip -n "$1" link set lo up; ip -n "$1" address add "$2" dev eth0; ip -n "$1" link set eth0 up
  ip -n "$1" route add default via "$3"
}

node() { attach "$1" "$2" "$3"; ip netns exec "$1" sysctl -q -w net.ipv4.ip_forward=1; }

# A pod is reached through its node, and so are its replies: with IPVS's masquerading they must come back where they
# were forwarded.
database() {  # pod, node, address, answer
  ip netns pids "$1" 2>/dev/null | xargs -r kill -KILL; ip netns delete "$1" 2>/dev/null
  ip netns add "$1"
  ip link add "pod-${3//./-}" netns "$2" type veth peer name eth0 netns "$1"
  ip -n "$2" link set "pod-${3//./-}" up; ip -n "$2" address add 10.244.0.1/32 dev "pod-${3//./-}" 2>/dev/null
  ip -n "$2" route add "$3/32" dev "pod-${3//./-}"
  ip -n "$1" link set lo up; ip -n "$1" address add "$3/32" dev eth0; ip -n "$1" link set eth0 up
  ip -n "$1" route add 10.244.0.1/32 dev eth0; ip -n "$1" route add default via 10.244.0.1
  ip netns exec "$1" python3 $here/database.py "$4" &
}

client() {  # address with its prefix length, gateway, VIPs
  attach client "$1" "$2"
  # Not unbuffered: it would write each line's end apart, and another's line between.
  ip netns exec client python3 $here/client.py "${@:3}" &
}

# As its image runs it: dumb-init is the first process, and when it exits the kernel kills the rest.
keepalived() {  # pod, its namespace, node, arguments
  local pod=$1 namespace=$2 node=$3
  say started "$pod" "$node"
  (
    POD_NAME=$pod POD_NAMESPACE=$namespace nsenter --net="/run/netns/$node" \
      unshare --mount --pid --fork --kill-child --mount-proc bash -c '
        mount -t tmpfs tmpfs /etc/keepalived; mount -t tmpfs tmpfs /run
        echo "global_defs { }" >/etc/keepalived/keepalived.conf
        cd '$here'/keepalived && exec dumb-init -- ./kube-keepalived-vip --kubeconfig='$here'/kubeconfig "$@"' \
      keepalived "${@:4}" >"/tmp/$pod.log" 2>&1 &
    echo $! >"/run/pods/$pod"; echo "$node" >"/run/pods/$pod.node"
    wait $!; local code=$?
    rm "/run/pods/$pod" "/run/pods/$pod.node"
    say exited "$pod" "$code"
  ) &
}

init_of() { pgrep -P "$(cat "/run/pods/$1")"; }

stop() {  # pod
  kill -TERM "$(init_of "$1")" && say stopping "$1"
}

# Nobody tells the processes of a node that loses its power, and nothing of it is left when it is back.
power_off() {  # node
  ip link set "lan-$1" down
  say off "$1"
  # Not with the shell's patterns, which `main` has switched off.
  local each
  for each in $(grep --recursive --files-with-matches --line-regexp --include='*.node' "$1" /run/pods); do
    kill -KILL "$(init_of "$(basename "$each" .node)")"
  done
}

power_on() {  # node
  ip netns exec "$1" ipvsadm -C
  ip -n "$1" -brief address show dev eth0 | grep -o '[0-9.]*/32' | xargs -r -n 1 -I{} ip -n "$1" address del {} dev eth0
  ip link set "lan-$1" up
  say on "$1"
}

table() {  # node: prints its VIPs, those of its interface and those that IPVS forwards
  say table "$1" $(ip -n "$1" -brief -4 address show dev eth0 | grep -o '[0-9.]*/32') \
    $(ip netns exec "$1" ipvsadm -Ln | grep -o '^TCP  [0-9.:]*' | cut -c 6-)
}

log() {  # pod
  sed "s/^/log $(now) $1 /" "/tmp/$1.log"; say logged "$1"
}

clock() { say clock "$1"; }

halt() { sync; echo o >/proc/sysrq-trigger; sleep 60; }

main

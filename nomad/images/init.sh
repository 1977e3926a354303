#!/bin/busybox sh
# First program of a machine: loads what the kernel needs to see its disks, finds them and what the machine
# was told, and hands over to start.sh on the root disk. Everything it says is on the serial console.
b=/bin/busybox
say() { echo "delta: $*"; }
fail() { say "$*"; $b poweroff -f; }
within() { # seconds, then a command that is tried again until it succeeds
  tries=$(($1 * 10)); shift
  until "$@"; do
    tries=$((tries - 1)); [ $tries -gt 0 ] || return 1
    $b sleep 0.1
  done
}

$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
$b mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run
exec </dev/null >/dev/console 2>&1
while read -r module; do
  $b insmod "/modules/$module.ko" || fail "cannot load the kernel module $module"
done </modules/order

# The runner's disk has a serial number by which it is known; the other disk is the image.
find_disks() {
  root= runner=
  for disk in /sys/block/vd*; do
    [ -e "$disk/serial" ] || continue
    case $($b cat "$disk/serial") in
      delta-runner) runner=/dev/${disk##*/} ;;
      *) root=/dev/${disk##*/} ;;
    esac
  done
  [ -b "$root" ] && [ -b "$runner" ]
}
within 20 find_disks || fail "no disk for the root, or none of the runner (serial delta-runner)"
say "root disk $root, runner's disk $runner"
$b mount -t ext4 -o noatime "$root" /disk || fail "cannot mount the root disk $root as ext4"
$b mkdir -p /run/delta/runner /run/delta/told
$b mount -t ext4 -o ro,nosuid,nodev "$runner" /run/delta/runner || fail "cannot mount the runner's disk $runner"

told=/sys/firmware/qemu_fw_cfg/by_name/opt/delta
$b chmod 0700 /run/delta/told
for name in runner.json identity pids; do
  [ -e "$told/$name/raw" ] || fail "the machine was not told opt/delta/$name"
  (umask 077 && $b cat "$told/$name/raw" >"/run/delta/told/$name")
done

$b ip link set lo up
within 10 [ -e /sys/class/net/eth0 ] || fail "no network card"
$b ip link set eth0 up
# QEMU's user network; only the relay's address answers in it.
$b ip addr add 10.0.2.15/24 dev eth0

$b cp $b /start.sh /run/delta/
for place in proc sys dev run; do
  $b mkdir -p "/disk/$place"
  $b mount --move "/$place" "/disk/$place" || fail "the image has no folder /$place"
done
exec $b switch_root /disk /run/delta/busybox sh /run/delta/start.sh

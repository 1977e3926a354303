#!/bin/busybox sh
# First program of the emulated host: loads what its kernel needs, and hands over to start.sh of the checkout.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
while read -r module; do
  $b insmod "/modules/$module.ko" || echo "delta: cannot load the kernel module $module"
done </modules/order
tries=300
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do
  tries=$((tries - 1)); [ $tries -gt 0 ] || break
  $b sleep 0.1
done
$b mount -t ext4 -o noatime /dev/vda /system && $b mount -t ext4 -o noatime /dev/vdb /system/delta ||
  echo "delta: cannot mount the disks"
for place in proc sys dev; do $b mount --move "/$place" "/system/$place"; done
# Where this fails the kernel stops with words, and its machine with it.
exec $b switch_root /system /bin/sh /delta/checkout/test/nomad-agent/emulated-host/start.sh

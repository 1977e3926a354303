#!/bin/sh
# What an init system would do for one command: mounts, loopback, the device's group as udev sets it. Then the command,
# whose words go to the second serial port; what this and the kernel say goes to the first.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /dev/shm /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -sfn /proc/self/fd /dev/fd
hostname emulated-host
ip link set lo up
groupadd --system --force kvm
chgrp kvm /dev/kvm && chmod 0660 /dev/kvm
stty -F /dev/ttyS1 raw -echo
sh /delta/command.sh </dev/null >/dev/ttyS1 2>&1
echo "delta: the command ended with $?" >/dev/ttyS0
sync
# Without an init system nothing but the kernel can turn the machine off.
echo o >/proc/sysrq-trigger
sleep 60

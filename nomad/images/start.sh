# Second part of a machine's start, on its root disk: prepares what programs expect of a Linux, runs the
# runner, and powers the machine off when it has ended. Uses nothing of the image but what steps use.
b=/run/delta/busybox
exec </dev/console >/dev/console 2>&1
say() { echo "delta: $*"; }

$b hostname delta
$b mkdir -p /dev/pts /dev/shm /tmp /etc /workspace
$b mount -t devpts -o mode=0620,ptmxmode=0666 devpts /dev/pts
$b mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm
$b chmod 1777 /tmp
[ -e /etc/hosts ] || echo "127.0.0.1 localhost delta" >/etc/hosts
# Programs ask for the name and home of their user.
$b grep -q '^[^:]*:[^:]*:1000:' /etc/passwd 2>/dev/null || echo 'delta:x:1000:1000::/workspace:/bin/sh' >>/etc/passwd
$b grep -q '^[^:]*:[^:]*:1000:' /etc/group 2>/dev/null || echo 'delta:x:1000:' >>/etc/group

# One group bounds the number of processes. In it the runner has memory that nobody can take from it, and an equal
# share of the processors; the job has the rest, so that the kernel ends a step before the machine is short of memory.
all=/sys/fs/cgroup/delta
$b mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
echo "+cpu +memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
$b mkdir "$all"
echo "+cpu +memory" >"$all/cgroup.subtree_control"
$b mkdir "$all/runner" "$all/job"
$b cat /run/delta/told/pids >"$all/pids.max"
available=$($b awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)
# Kibibytes. A small machine's runner gets along with half of it.
kept=163840
[ $kept -le $((available / 2)) ] || kept=$((available / 2))
echo "${kept}K" >"$all/memory.min"
echo "${kept}K" >"$all/runner/memory.min"
echo "$((available - kept))K" >"$all/job/memory.max"

say "starting the runner"
(
  echo 0 >"$all/runner/cgroup.procs"
  exec $b env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    $b setpriv --nnp /run/delta/runner/lib/loader --library-path /run/delta/runner/lib \
    /run/delta/runner/bin/node /run/delta/runner/delta-runner.mjs run --config /run/delta/told/runner.json
) </dev/null &
runner=$!

# The backend stops a machine by its power button: the runner gets the time to stop its steps and to say so.
for button in /sys/class/input/event*; do
  [ "$($b cat "$button/device/name" 2>/dev/null)" = "Power Button" ] || continue
  ($b dd if="/dev/input/${button##*/}" of=/dev/null bs=24 count=1 2>/dev/null && say "power button" && kill -TERM $runner) &
  break
done

wait $runner
say "the runner ended with $?"
$b poweroff -f

#!/bin/sh
# Boots a machine: this one's file system under a layer of its own, with namespaces of its own and its systemd as
# process 1. Started by test/support/machine.py as
#
#   unshare --mount --fork --kill-child sh power_on.sh FOLDER     joins a control group of its own, then
#   unshare ... sh power_on.sh FOLDER namespaces                  mounts, and becomes systemd
#
# Mounts are private; the kernel's settings, clock and modules cannot be changed from inside. /sys is shared: udev needs it.
set -eu
folder=$1 root=$1/root
if [ "${2:-}" != namespaces ]; then
    mount --make-rprivate /
    mkdir -p "$folder/cgroup"
    mount -t cgroup2 none "$folder/cgroup"
    mkdir -p "$folder/cgroup/$(basename "$folder")"
    echo $$ >"$folder/cgroup/$(basename "$folder")/cgroup.procs"
    exec unshare --pid --fork --kill-child --mount --uts --ipc --net --cgroup sh "$0" "$folder" namespaces
fi
mkdir -p "$folder/layer" "$folder/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/layer,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount --bind -o ro "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty loop-control $(cd /dev && ls -d loop[0-9]*); do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 run "$root/run"
# systemd listens to udev only where it finds this, or a devtmpfs, which would be that of the machine outside.
mkdir "$root/run/udev"
touch "$root/run/udev/control"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mkdir -p "$root/.outside"
cd "$root"
pivot_root . .outside
umount -l /.outside
exec setpriv --bounding-set -sys_time,-sys_boot,-sys_module \
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --show-status=0 --unit=multi-user.target

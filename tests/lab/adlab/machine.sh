# Becomes the first process of a machine, in fresh namespaces (see machines.py):
#   sh -e machine.sh FOLDER LOWER NAME SHARED COMMAND...
# FOLDER is empty, and gets what the machine changes in memory, or keeps it where UPPER names a folder.
# SEEN: lines `OUTSIDE|INSIDE`, folders that are seen there, read-only. GROUP: the control group to be
# made for it, which it sees as the root of all.
if [ -n "${GROUP:-}" ]; then
    mount --make-rprivate /
    mount -t cgroup2 cgroup2 "$1"
    mkdir "$1/$GROUP"
    echo 0 >"$1/$GROUP/cgroup.procs"
    umount "$1"
    exec env GROUP= GROUPED=1 unshare --cgroup sh -e "$0" "$@"
fi
folder=$1 lower=$2 name=$3 shared=$4
shift 4
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$folder"
mkdir "$folder/root" "$folder/upper" "$folder/work"
upper=${UPPER:-$folder/upper} work=${UPPER:+$UPPER.work}
mkdir -p "$upper" "${work:=$folder/work}"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$folder/root"
cd "$folder/root"
mount -t proc proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for device in null zero full random urandom tty; do
    : >"dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
mkdir run/lock run/lab
mount --bind "$shared" run/lab
if [ -n "${GROUPED:-}" ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
printf '%s' "${SEEN:-}" | while IFS='|' read -r outside inside; do
    mkdir -p ".$inside"
    mount --bind "$outside" ".$inside"
    mount -o remount,bind,ro ".$inside"
done
printf '%s\n' "${name%%.*}" >etc/hostname
hostname "${name%%.*}"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
cd /
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=lab \
    LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive "$@"

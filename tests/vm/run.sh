#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the package, boots a Debian in an emulated machine, installs it there, and runs guest.sh in it.
set -u -o pipefail

usage() {
    cat <<'EOF'
usage: tests/vm/run.sh [OPTION...] [GUEST-ARGUMENT...]

  --deb FILE       tests this package; without it one is built (packaging/deb.sh)
  --kernel forky   starts the newest Linux of Debian forky; this Debian's own where that cannot be fetched
  --machine numa   has 16 CPUs with 4 last-level caches on 2 NUMA nodes, instead of one CPU
  --output DIR     where console, journal and the guest's output go; build-logs/vm if not given
  --limit SECONDS  for the machine as a whole; 900 if not given
  GUEST-ARGUMENT   of tests/vm/guest.sh: only these parts; "install effect" measures what build/tests/bench/wakers gets

Prints the guest's results in TAP form. Needs root (it makes a disk with files of root), QEMU and mmdebstrap, no KVM.
Disk and kernel are kept below ${XDG_CACHE_HOME:-~/.cache}/priorityd-vm. Exit status: 0 when all passed, 77 when no machine can
be had here (the last line says why), 1 otherwise.
EOF
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
# shellcheck source=tests/support/debian.sh
source "$top/tests/support/debian.sh"
# shellcheck source=tests/vm/image.sh
source "$here/image.sh"
# shellcheck source=tests/vm/kernel.sh
source "$here/kernel.sh"
deb='' kernel='' machine=one output=$top/build-logs/vm limit=900 arguments=()

while [ $# -gt 0 ]; do
    case $1 in
    --deb) deb=$2 && shift ;;
    --kernel) kernel=$2 && shift ;;
    --machine) machine=$2 && shift ;;
    --output) output=$2 && shift ;;
    --limit) limit=$2 && shift ;;
    -h | --help)
        usage
        exit 0
        ;;
    -*)
        usage >&2
        exit 2
        ;;
    *) arguments+=("$1") ;;
    esac
    shift
done

skip() {
    echo "$*"
    exit 77
}

die() {
    echo "tests/vm/run.sh: $*" >&2
    exit 1
}

look_around() {
    local program version
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || skip "the machine's kernel is known for amd64 alone"
    [ "$(id -u)" -eq 0 ] || skip "making the disk needs root"
    for program in qemu-system-x86_64 mmdebstrap mke2fs sfdisk dpkg-deb flock; do
        command -v $program >/dev/null || skip "$program is not installed"
    done
    version=$(qemu-system-x86_64 --version | sed -n '1s/.*version \([0-9]*\).*/\1/p')
    # 7.2 corrupted every second boot of a 6.12 guest.
    [ "$(debian_release)" = bookworm ] || [ "${version:-0}" -ge 9 ] || skip "a guest of $(debian_release) needs QEMU 9, this is $version"
}

# What the guest cannot build; where it does not build here either, the guest is told why.
build_for_guest() {
    local folder=$1
    echo "clang or libbpf-dev is not installed, see $output/build" >"$folder/no-scheduler"
    clang -target bpf -O2 -g -I/usr/include/x86_64-linux-gnu -c "$here/sched_ext/fifo.bpf.c" -o "$folder/fifo.bpf.o" &&
        clang -O2 -static -o "$folder/load" "$here/sched_ext/load.c" -lbpf -lelf -lz && rm "$folder/no-scheduler"
    echo "clang is not installed, see $output/build" >"$folder/no-server"
    clang -O2 -static -pthread -o "$folder/server" "$here/server.c" && rm "$folder/no-server"
} 2>"$output/build"

# The same files under a higher version, and one rule more: what an upgrade has to take over.
make_upgrade() {
    local from=$1 to=$2 work=$3/upgrade
    dpkg-deb --raw-extract "$from" "$work"
    sed -i 's/^Version: .*/&+upgrade1/' "$work/DEBIAN/control"
    printf '[programs]\nvm-upgraded = "background"\n' >"$work/usr/lib/priorityd/rules.d/90-vm-upgraded.toml"
    dpkg-deb --root-owner-group --build "$work" "$to" >/dev/null
}

pack_input() {
    local work=$1
    mkdir -p "$work/in"
    cp "$deb" "$work/in/priorityd.deb"
    make_upgrade "$deb" "$work/in/upgrade.deb" "$work"
    cp "$here"/guest*.sh "$top/tests/support/tap.sh" "$work/in/"
    build_for_guest "$work/in"
    [[ " ${arguments[*]} " != *" effect "* ]] || cp "$top/build/tests/bench/wakers" "$work/in/" || die "build it first"
    printf '%s\n' "${arguments[@]:+${arguments[@]}}" >"$work/in/arguments"
    tar -c -f "$work/input" -C "$work/in" .
    truncate -s %1M "$work/input" # whole sectors
    truncate -s 64M "$work/output"
}

# Of an emulated EPYC every socket has a last-level cache of its own; it would not tell of several in one. All on one thread
# of the host: with more, QEMU 7.2 ran into breakpoints that the kernel has taken back (Oops: int3).
numa_machine=(-accel "tcg,thread=single" -cpu EPYC -smp "16,sockets=4,cores=4,threads=1" -m 1G
    -object "memory-backend-ram,id=node0,size=512M" -numa "node,nodeid=0,memdev=node0,cpus=0-7"
    -object "memory-backend-ram,id=node1,size=512M" -numa "node,nodeid=1,memdev=node1,cpus=8-15"
    -numa "dist,src=0,dst=1,val=21")
# One CPU: most tests ask what is done, not where or how fast.
one_machine=(-accel tcg -cpu max -smp 1 -m 1G)

# A panic ends it at once. On a busy host the timer comes too late for the check that the kernel makes of it, and sixteen
# CPUs on two look locked up.
boot() {
    local vmlinuz=$1 image=$2 work=$3
    local cpus=("${one_machine[@]}")
    [ "$machine" = one ] || cpus=("${numa_machine[@]}")
    local parameters=("root=PARTUUID=$guest_root" rootwait rootfstype=ext4 rw console=ttyS0 panic=-1 quiet no_timer_check nowatchdog
        cryptomgr.notests mitigations=off audit=0 selinux=0 systemd.show_status=no)
    timeout -k 5 "$limit" nice -n 10 qemu-system-x86_64 -nodefaults -no-user-config -display none -monitor none \
        -M q35 "${cpus[@]}" -no-reboot -kernel "$vmlinuz" -append "${parameters[*]}" \
        -device nvme,id=disks,serial=disks \
        -drive if=none,id=d1,format=raw,file="$image/disk",snapshot=on,cache=unsafe -device nvme-ns,drive=d1,nsid=1 \
        -drive if=none,id=d2,format=raw,file="$work/input",readonly=on -device nvme-ns,drive=d2,nsid=2 \
        -drive if=none,id=d3,format=raw,file="$work/output",cache=unsafe -device nvme-ns,drive=d3,nsid=3 \
        -device virtio-rng-pci -serial file:"$output/console" -serial file:"$output/tap" 2>"$output/qemu"
}

# A guest whose kernel was corrupted may say that all is well.
is_sound() {
    local found
    found=$(grep -hE 'Oops|BUG:|double fault|general protection|Kernel panic' "$output/console" "$output/dmesg" 2>/dev/null)
    [ -z "$found" ] || {
        echo "$found" | head -n 5
        return 1
    }
}

[[ ${kernel:-forky} == forky && $machine == @(one|numa) ]] || {
    usage >&2
    exit 2
}
look_around
rm -rf "$output"
mkdir -p "$output"
work=$(mktemp -d "${TMPDIR:-/tmp}/priorityd-vm.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ -z "$deb" ]; then
    deb=$("$top/packaging/deb.sh") || die "the package does not build"
fi
# The package is built here and runs there, so both are of one release.
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/priorityd-vm
image=$(image_for "$(debian_release)" "$guest_packages,$(dependencies_of "$deb")" "$cache") || die "the disk cannot be made"
vmlinuz=$image/vmlinuz
[ -z "$kernel" ] || vmlinuz=$(kernel_for "$kernel" "$cache") || {
    echo "# no Linux of Debian $kernel to be had from $(debian_mirror): this Debian's own is tested with"
    vmlinuz=$image/vmlinuz
}
pack_input "$work"
begin=$SECONDS status=0
boot "$vmlinuz" "$image" "$work" || status=$?
tar -x -f "$work/output" -C "$output" 2>/dev/null
sed 's/\r$//' "$output/tap" 2>/dev/null
echo "# the machine ran for $((SECONDS - begin)) s; console, journal and more are in $output"
is_sound || die "the guest's kernel went wrong: no result"
[ $status -ne 124 ] || die "the machine did not end within $limit s"
[ -s "$output/status" ] || {
    tail -n 30 "$output/console" "$output/qemu"
    die "no result came back (QEMU ended with $status)"
}
[ "$(cat "$output/status")" -eq 0 ] || {
    tail -n 20 "$output/stderr"
    exit 1
}

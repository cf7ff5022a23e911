# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced: makes the disk that the virtual machine starts from, once for each recipe, and keeps it.
# shellcheck shell=bash
#
# No initrd, no firmware, no network: Debian's cloud kernel has NVMe, ext4 and the serial port built in. The disk is made
# without mounts and loop devices, and is never written: a running machine gets a throw-away layer over it.

# What a small Debian has, and session and polkit for the tests. The package's own dependencies come on top.
guest_packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,polkitd,procps,udev,passwd,util-linux,login
# Units that nothing here needs; each costs seconds under emulation.
guest_masked=(systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
    e2scrub_reap.service fstrim.timer getty.target systemd-random-seed.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service systemd-journal-flush.service systemd-modules-load.service
    sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount systemd-binfmt.service
    systemd-pstore.service systemd-hwdb-update.service ldconfig.service systemd-firstboot.service
    systemd-boot-random-seed.service modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service
    modprobe@fuse.service modprobe@dm_mod.service modprobe@loop.service systemd-remount-fs.service)

# PARTUUID of the partition that the machine starts from.
guest_root=70726400-01

# dependencies_of DEB: names of the packages that it needs, of alternatives the first, with commas between.
dependencies_of() {
    dpkg-deb --field "$1" Pre-Depends Depends | sed -e 's/^[A-Za-z-]*://' | tr ',' '\n' |
        sed -e 's/|.*//' -e 's/(.*//' -e 's/[[:space:]]//g' -e '/^$/d' | sort -u | paste -s -d ,
}

# image_for SUITE PACKAGES CACHE: prints the folder with vmlinuz and disk, which it makes where there is none yet.
image_for() {
    local suite=$1 packages=$2 cache=$3 mirror key image
    mirror=$(debian_mirror)
    key=$suite-$(hash_of "$suite $packages $mirror" "${BASH_SOURCE[0]}")
    image=$cache/$key
    mkdir -p "$cache"
    # A shell of its own, because -e means nothing to one whose status is looked at, and broken disks would be kept.
    # shellcheck disable=SC2016
    flock "$cache/lock" bash -eu -o pipefail -c 'source "$0"; [ -e "$4/complete" ] || make_image "$@"' \
        "${BASH_SOURCE[0]}" "$suite" "$packages" "$mirror" "$image" >&2
    [ -e "$image/complete" ] || return 1
    touch "$image/complete" # when it was last used
    drop_unused "$cache"
    echo "$image"
}

make_image() {
    local suite=$1 packages=$2 mirror=$3 image=$4 begin=$SECONDS work
    echo "making the disk: Debian $suite with $packages"
    rm -rf "$image"
    mkdir -p "$image"
    work=$(mktemp -d "$image/work.XXXXXX")
    make_root "$suite" "$packages" "$mirror" "$work"
    prepare_root "$work/root"
    make_disk "$work/root" "$image/disk"
    rm -rf "$work"
    touch "$image/complete"
    echo "made in $((SECONDS - begin)) s, $(du -sm "$image" | cut -f 1) MB"
}

# The kernel's package is unpacked, not installed: no initramfs, no hooks.
make_root() {
    local suite=$1 packages=$2 mirror=$3 work=$4
    # shellcheck disable=SC2016 # for the shells inside
    local fetch='cd /var/tmp && apt-get -qq -o APT::Sandbox::User=root download $(apt-cache show linux-image-cloud-amd64 |
        sed -n "s/^Depends: \([^ ,]*\).*/\1/p" | head -n 1)'
    mmdebstrap --quiet --variant=apt --include="$packages" --aptopt='APT::Install-Recommends "0"' \
        --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="chroot \"\$1\" sh -c '$fetch'" \
        --customize-hook="mv \"\$1\"/var/tmp/linux-image-*.deb '$work/kernel.deb'" \
        "$suite" "$work/root" "$mirror"
    dpkg-deb -x "$work/kernel.deb" "$work/kernel"
    cp "$work"/kernel/boot/vmlinuz-* "$work/../vmlinuz"
}

# One user with a user manager that always runs, and the service that runs the test.
prepare_root() {
    local root=$1 unit
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
    echo vm >"$root/etc/hostname"
    echo '127.0.0.1 localhost vm' >"$root/etc/hosts"
    echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id" # without one every boot would be the first
    : >"$root/etc/fstab"
    for unit in "${guest_masked[@]}"; do
        ln -sfn /dev/null "$root/etc/systemd/system/$unit"
    done
    chroot "$root" useradd -m -u 1000 -s /bin/bash tester
    mkdir -p "$root/var/lib/systemd/linger"
    : >"$root/var/lib/systemd/linger/tester"
    cat >"$root/etc/systemd/system/vm-test.service" <<'U'
[Unit]
Description=The test of this machine
After=multi-user.target systemd-logind.service user@1000.service
Wants=user@1000.service
[Service]
Type=oneshot
ExecStart=/bin/bash /usr/local/lib/vm-test
TimeoutStartSec=infinity
StandardOutput=journal
[Install]
WantedBy=graphical.target
U
    mkdir -p "$root/etc/systemd/system/graphical.target.wants"
    ln -s ../vm-test.service "$root/etc/systemd/system/graphical.target.wants/"
    ln -sfn /lib/systemd/system/graphical.target "$root/etc/systemd/system/default.target"
    # What comes in and goes out are bare tar archives on two more disks: no network, no file system to mount. Which is
    # which is told by the number that run.sh gives each, since those in the names follow the order of finding them.
    cat >"$root/usr/local/lib/vm-test" <<'U'
export HOME=/root
disk() {
    echo "/dev/$(basename "$(dirname "$(grep -lx "$1" /sys/block/*/nsid)")")"
}
mkdir -p /run/vm/in /run/vm/out
tar -x -f "$(disk 2)" -C /run/vm/in
cd /run/vm/in && bash ./guest.sh >/dev/ttyS1 2>/run/vm/out/stderr
echo $? >/run/vm/out/status
journalctl -b -o short-monotonic --no-pager --no-hostname >/run/vm/out/journal 2>&1
dmesg >/run/vm/out/dmesg
tar -c -f "$(disk 3)" -C /run/vm/out .
sync
systemctl poweroff -ff
U
}

# One partition, because a kernel without initrd finds its root by that alone, whatever the disk is called this time. No
# journal, no checksums: what is written is thrown away.
make_disk() {
    truncate -s 1025M "$2"
    printf 'label: dos\nlabel-id: 0x%s\nstart=2048, type=83\n' "${guest_root%-01}" | sfdisk --quiet "$2"
    mke2fs -q -F -t ext4 -O '^has_journal,^metadata_csum' -E lazy_itable_init=1,offset=1048576 -m 0 -d "$1" "$2" 1G
}

# Builds what a guest boots from: a base archive per kernel, cached, and a small one per job. Sourced by vm/run.

# Debian's programs for the guest; busybox supplies the rest. What starts other programs (the shell, setsid, xargs…) must
# not be busybox's: it prefers its own applets to what is in the path.
guest_programs='dash setsid xargs env dd split head md5sum cp stat truncate timeout cmp mount umount losetup blockdev blkdiscard fallocate dmsetup
                lsblk findmnt prlimit setpriv unshare nsenter taskset mkswap swapon swapoff
                mkfs.ext4 e2fsck fsck.ext4 resize2fs mkfs.xfs xfs_repair fio'

find_program() {
    PATH=/usr/sbin:/usr/bin:/sbin:/bin command -v "$1"
}

check_guest_programs() {
    local program missing=''
    for program in busybox $guest_programs; do
        find_program "$program" >/dev/null || missing="$missing $program"
    done
    [ -z "$missing" ] || die "missing for the guest:$missing
(apt-get install busybox-static fio e2fsprogs xfsprogs util-linux dmsetup)"
}

# Copies file $2 to the same path below tree $1.
put_file() {
    [ -e "$1$2" ] || { mkdir -p "$1$(dirname "$2")" && cp -L "$2" "$1$2"; }
}

# Copies the shared libraries of program $2 into tree $1.
put_libraries() {
    local library
    for library in $(ldd "$2" 2>/dev/null | grep -o '/[^ ]*'); do
        put_file "$1" "$library"
    done
}

make_archive() {
    (cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) >"$2.new"
    mv "$2.new" "$2"
}

empty_root() {
    mkdir -p "$1"/{usr/bin,usr/sbin,usr/lib,usr/lib64,bb,proc,sys,dev,run,tmp,mnt,root,etc,job,modules}
    ln -s usr/bin "$1/bin"
    ln -s usr/sbin "$1/sbin"
    ln -s usr/lib "$1/lib"
    ln -s usr/lib64 "$1/lib64"
}

# Changes whenever something changes that the base archive is made of.
base_key() {
    local program
    {
        cat "$vm_dir/image.sh"
        stat -L -c '%n %s %Y' "$1/release" "$1/modules/order"
        for program in busybox $guest_programs; do
            find_program "$program"
        done | xargs stat -L -c '%n %s %Y'
    } | sha256sum | cut -c1-16
}

# base_archive KERNEL_FOLDER: sets base to the archive with Debian's programs and the kernel's modules.
base_archive() {
    local kernel=$1 tree program path
    base=$build_dir/base-$(basename "$kernel")-$(base_key "$kernel").cpio
    [ ! -s "$base" ] || return 0
    check_guest_programs
    tree=$(mktemp -d "$build_dir/.tree-XXXXXX")
    empty_root "$tree"
    for program in busybox $guest_programs; do
        path=$(find_program "$program")
        put_file "$tree" "$path"
        put_libraries "$tree" "$path"
    done
    ln -s dash "$tree/usr/bin/sh"
    printf '#!/bin/%s sh\n/bin/busybox --install -s /bb\nexec /bin/sh /job/guest-init\n' busybox >"$tree/init"
    [ -e "$tree/bin/busybox" ] || ln -s "$(find_program busybox)" "$tree/bin/busybox"
    chmod 755 "$tree/init"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
    echo 'root:x:0:' >"$tree/etc/group"
    # The cache file of the dynamic linker saves it a search per library.
    : >"$tree/etc/ld.so.conf"
    cp "$kernel/modules/order" "$kernel/modules/"*.ko "$tree/modules/"
    # Another run may still boot from an older one.
    find "$build_dir" -maxdepth 1 -name "base-$(basename "$kernel")-*.cpio" -mmin +120 -delete
    make_archive "$tree" "$base"
    rm -rf "$tree"
}

# Compiles the helpers of the cases, static, so that they run in any guest.
build_helpers() {
    local source name
    mkdir -p "$build_dir/bin"
    for source in "$vm_dir"/*.c; do
        name=$(basename "$source" .c)
        [ "$build_dir/bin/$name" -nt "$source" ] ||
            "${CC:-cc}" -O2 -g -Wall -Wextra -Werror -static -pthread -o "$build_dir/bin/$name" "$source"
    done
}

# fill_job FOLDER CASES_FOLDER CASE…: lays out the job: programs, cases, plan.
fill_job() {
    local folder=$1 cases=$2 program
    shift 2
    mkdir -p "$folder/bin" "$folder/cases"
    cp "$vm_dir/guest.sh" "$vm_dir/kills.sh" "$vm_dir/leave.sh" "$vm_dir/guest-cases" "$vm_dir/guest-init" "$folder/"
    cp "$vm_dir"/matrix.tsv "$repo_dir"/spec/misuse.tsv "$repo_dir"/src/systemd/*.in "$folder/" 2>/dev/null || :
    cp "$cases"/*.sh "$folder/cases/"
    cp "$build_dir/bin/"* "$folder/bin/"
    if [ -e "$repo_dir/refublk" ]; then
        cp -L "$repo_dir/refublk" "$folder/bin/refublk"
        ln -s refublk "$folder/bin/ublk-mem"
        ln -s refublk "$folder/bin/ublk-file"
    fi
    for program in "$repo_dir"/build/plain/examples/* "$repo_dir"/build/plain/lives \
        "$repo_dir"/build/plain/refublk-faults "$repo_dir"/build/plain/misuse "$repo_dir"/build/plain/blkshadow \
        "$repo_dir"/build/plain/powercut $extra_programs; do
        [ ! -x "$program" ] || cp -L "$program" "$folder/bin/"
    done
    echo "$nonce" >"$folder/nonce"
    for program; do
        echo "$program $(case_header "$program" limit 60)"
    done >"$folder/plan"
}

# job_archive CASES_FOLDER CASE…: sets job_file to an archive with a job for these cases.
job_archive() {
    local tree program
    tree=$(mktemp -d "$build_dir/.tree-XXXXXX")
    job_file=$build_dir/job-$$.cpio
    empty_root "$tree"
    fill_job "$tree/job" "$@"
    for program in "$tree"/job/bin/*; do
        put_libraries "$tree" "$program"
    done
    # The base has these as links and files; a directory in their place would hide them.
    (cd "$tree" && rm -f bin sbin lib lib64)
    make_archive "$tree" "$job_file"
    rm -rf "$tree"
}

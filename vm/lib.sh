# Functions and paths shared by the scripts in vm/ that run on the host. Sourced by bash.

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo_dir=$(dirname "$vm_dir")
build_dir=${REFUBLK_VM_BUILD:-$repo_dir/build/vm}
cache_dir=${XDG_CACHE_HOME:-$HOME/.cache}/refublk
known_kernels='6.12 7.2 7.3'

die() {
    echo "${0##*/}: $*" >&2
    exit 2
}

need_tool() {
    command -v "$1" >/dev/null 2>&1 || PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1 ||
        die "$1 is missing: apt-get install $2"
}

# Another process may have built the same folder meanwhile: then its copy stays and ours goes.
publish_folder() {
    local made=$1 wanted=$2
    mv -T "$made" "$wanted" 2>/dev/null || {
        rm -rf "$made"
        [ -d "$wanted" ] || die "cannot write $wanted"
    }
}

# Prints the dependencies of a decompressed module, one a line, with - for _ as Debian's file names vary.
module_needs() {
    tr '\0' '\n' <"$1" | sed -n 's/^depends=//p; s/^softdep=pre: *//p' | tr ', ' '\n\n' | grep -v '^$' || :
}

#!/bin/sh
# Tries the first steps of README and docs/start.md as a newcomer does: on a bare Debian or Ubuntu, in a folder of its own,
# with nothing but python3, git and make, from a clone of what is committed here.
#
#   sudo sh scripts/first_steps.sh [SUITE ...]      # default: bookworm trixie noble
#
# Needs root, debootstrap and the keys of Ubuntu (sudo apt-get install -y debootstrap ubuntu-keyring), 4 GB of disk a suite, and about ten minutes each.
# The machine's settings of pip and its certificates are used inside, too.
set -eu
checkout=$(cd "$(dirname "$0")/.." && pwd)

mirror_of() {
    case $1 in
        noble | jammy | oracular | plucky | questing) echo http://archive.ubuntu.com/ubuntu ;;
        *) echo http://deb.debian.org/debian ;;
    esac
}

# What a newcomer has installed before. Ubuntu keeps some of it in "universe".
bare_system() { # bare_system SUITE ROOT
    mirror=$(mirror_of "$1") script=
    # debootstrap of an older Debian does not know a newer Ubuntu, which is made as all of them are.
    [ -e "/usr/share/debootstrap/scripts/$1" ] || script=gutsy
    debootstrap --variant=minbase --components=main,universe --include=python3,git,make,ca-certificates \
        "$1" "$2" "$mirror" $script >"$2.log" 2>&1 || { tail -5 "$2.log"; return 1; }
    for setting in /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt "${SSL_CERT_FILE:-}"; do
        [ ! -f "$setting" ] || install -D -m 644 "$setting" "$2$setting"
    done
    git clone --quiet "$checkout" "$2/home/napari-dicom-writer"
}

# The commands of the README, then those of docs/start.md.
first_steps='
set -eu
cd /home/napari-dicom-writer
make demo
.venv-demo/bin/python - docs/start.md <<\END
import re, sys
for block in re.findall(r"```python\n(.*?)```", open(sys.argv[1]).read(), re.S):
    exec(block, {})
END
PATH=$PWD/.venv-demo/bin:$PATH
napari-dicom-writer demo phantom
napari-dicom-writer show phantom
napari-dicom-writer verify phantom --no-dciodvfy
'

try_in() { # try_in ROOT: the mounts are gone when it ends
    unshare --mount sh -c '
        mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/tmp" &&
        HOME=/root exec chroot "$1" sh -c "$2"' sh "$1" "$first_steps"
}

failed=
for suite in ${*:-bookworm trixie noble}; do
    scratch=$(mktemp -d)
    echo "== $suite =="
    if bare_system "$suite" "$scratch/root" && try_in "$scratch/root"; then
        echo "== $suite: passed =="
    else
        echo "== $suite: FAILED =="
        failed="$failed $suite"
    fi
    rm -rf --one-file-system "$scratch"
done
[ -z "$failed" ] || { echo "Failed:$failed"; exit 1; }

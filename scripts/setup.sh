#!/bin/sh
# Makes a virtual environment with this package and one of its extras, and sees that Qt can start.
#
#   sh scripts/setup.sh PYTHON VENV EXTRA
#
# Missing system packages are installed when run as root on Debian or Ubuntu; otherwise the line to run is named.
set -eu
python=$1 venv=$2 extra=$3

# What Qt 6 loads even without a screen.
qt_libraries="libegl1 libgl1 libopengl0 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxcb-cursor0"

need() { # need PACKAGE... : install system packages, or say how
    echo "Missing system packages: $*"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # Ubuntu 24.04 renamed libglib2.0-0; apt resolves the old name there.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    else
        echo "Install them and run make again:"
        echo "    sudo apt-get install -y $*"
        exit 1
    fi
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "$("$python" --version) is too old: Python 3.11 or newer is needed."
    echo "Name one with:  make PYTHON=python3.12 ..."
    exit 1
}
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    need "python$version-venv"
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --upgrade pip
"$venv/bin/python" -m pip install --quiet --editable ".[$extra]"

qt_starts() { QT_QPA_PLATFORM=offscreen "$venv/bin/python" -c 'from qtpy.QtWidgets import QApplication; QApplication([])' 2>/dev/null; }
if ! qt_starts; then
    # shellcheck disable=SC2086 # a list of words
    need $qt_libraries
    qt_starts || {
        echo "Qt does not start:"
        QT_QPA_PLATFORM=offscreen "$venv/bin/python" -c 'from qtpy.QtWidgets import QApplication; QApplication([])'
    }
fi

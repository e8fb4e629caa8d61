#!/bin/sh
# Makes a virtual environment with this package and one of its extras, and sees that Qt can open a window on a
# virtual screen.
#
#   sh scripts/setup.sh PYTHON VENV EXTRA
#
# Missing system packages are installed when run as root on Debian or Ubuntu; otherwise the line to run is named.
set -eu
python=$1 venv=$2 extra=$3
ohif=3.13.2

# A virtual screen, and what Qt 6 and OpenGL load to draw on it.
screen_packages="xvfb xauth libegl1 libgl1 libgl1-mesa-dri libopengl0 libglib2.0-0 libdbus-1-3 libfontconfig1 \
libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 \
libxcb-shape0 libxcb-xkb1"

need() { # need PACKAGE... : install system packages, or say how
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing system packages: $*"
        apt-get update -qq
        # Ubuntu 24.04 renamed libglib2.0-0; apt resolves the old name there.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    else
        echo "System packages are missing. Install them and run make again:"
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
    need "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
fi
# The demo draws without a screen; said before anything is downloaded.
if [ "$extra" != demo ] && ! command -v xvfb-run >/dev/null; then
    # shellcheck disable=SC2086 # a list of words
    need $screen_packages
fi
# Peers that sending is tried with; without them, those tests are skipped.
if [ "$extra" = test ] && ! PATH="$PATH:/usr/sbin" command -v Orthanc >/dev/null; then
    echo "To try sending too:  sudo apt-get install -y orthanc orthanc-dicomweb dcmtk"
fi
# A browser, an archive with DICOMweb, and npm, which has the viewer.
if [ "$extra" = viewers ]; then
    for program in "${CHROMIUM:-chromium}" Orthanc npm; do
        PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null || {
            need chromium fonts-dejavu-core npm orthanc orthanc-dicomweb
            break
        }
    done
    # Its bundle holds all that the browser needs: nothing of what it was built from is installed.
    if ! grep -qs "\"version\": \"$ohif\"" .viewers/package/package.json; then
        echo "Fetching OHIF $ohif into .viewers (50 MB)"
        rm -rf .viewers && mkdir .viewers
        (cd .viewers && npm pack --silent "@ohif/app@$ohif" && tar xzf ohif-app-*.tgz && rm ohif-app-*.tgz) >/dev/null
    fi
fi
# An interrupted run may have left an environment without pip.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
echo "Installing Python packages into $venv (a few minutes the first time)"
"$venv/bin/python" -m pip install --quiet --upgrade pip
"$venv/bin/python" -m pip install --quiet --editable ".[$extra]"
[ "$extra" != demo ] || exit 0

open_window='
from qtpy.QtWidgets import QApplication, QWidget
app = QApplication([])
window = QWidget()
window.show()
app.processEvents()
'
if ! xvfb-run -a "$venv/bin/python" -c "$open_window" 2>/dev/null; then
    # shellcheck disable=SC2086 # a list of words
    need $screen_packages
    xvfb-run -a "$venv/bin/python" -c "$open_window"
fi

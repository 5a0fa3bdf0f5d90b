# Installs what building and testing the Python package need beside Swift. For `build-wheel` and `test`, which source it.

need() { # need PACKAGE… : Debian packages, as root or with a message
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "== installing $*"
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" > /dev/null
  else
    echo "Install these packages (or what your system calls them) first: $*" >&2
    exit 1
  fi
}

python3 -c 'import venv, ensurepip' 2> /dev/null || need python3 python3-venv
headers=$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -f "$headers/Python.h" ] || need python3-dev
command -v objdump > /dev/null && command -v strip > /dev/null || need binutils

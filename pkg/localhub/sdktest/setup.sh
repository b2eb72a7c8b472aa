#!/bin/sh
# Installs Microsoft's SDKs for Python, as requirements.txt pins them, into a
# virtual environment in the user's cache folder, unless that has been done.
# Prints the path of its interpreter, the value for IOTHUB_SDK_PYTHON.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/iothub-sdktest
python=$folder/bin/python

if ! cmp -s "$here/requirements.txt" "$folder/installed.txt"; then
	if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
		echo "setup.sh: python3 with venv and pip is needed; on Debian and Ubuntu: apt-get install python3-venv" >&2
		exit 1
	fi
	python3 -m venv --clear "$folder" >&2
	"$python" -m pip install --quiet --requirement "$here/requirements.txt" >&2
	cp "$here/requirements.txt" "$folder/installed.txt"
fi
echo "$python"

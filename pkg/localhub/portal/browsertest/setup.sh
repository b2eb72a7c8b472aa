#!/bin/sh
# Sees to it that there is a browser, and the accessibility checker axe-core in
# the user's cache folder. Prints what the tests need to know:
#
#	eval "$(setup.sh)"
set -eu

axe=4.14.1
folder=${XDG_CACHE_HOME:-$HOME/.cache}/iothub-browsertest

find_browser() {
	for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
		command -v "$name" && return
	done
	return 1
}

# A package server that is busy for a moment is not a reason to fail.
try() {
	for pause in 2 5 0; do
		"$@" >&2 && return
		sleep "$pause"
	done
	echo "setup.sh: $* failed" >&2
	exit 1
}

if ! find_browser >/dev/null; then
	if ! command -v apt-get >/dev/null; then
		echo "setup.sh: a Chromium or Chrome is needed" >&2
		exit 1
	fi
	sudo=$([ "$(id -u)" = 0 ] || echo sudo)
	try $sudo apt-get update --quiet
	try $sudo apt-get install --quiet --yes --no-install-recommends chromium
fi

if [ ! -f "$folder/axe-$axe.js" ]; then
	mkdir -p "$folder"
	try npm pack --silent --pack-destination "$folder" "axe-core@$axe"
	tar -xzOf "$folder/axe-core-$axe.tgz" package/axe.min.js >"$folder/axe.new"
	mv "$folder/axe.new" "$folder/axe-$axe.js"
	rm "$folder/axe-core-$axe.tgz"
fi

echo "export PORTAL_BROWSER='$(find_browser)'"
echo "export PORTAL_AXE='$folder/axe-$axe.js'"

# Common parts of the scripts that install SDKs, which source this file.
#
# Each SDK gets its own folder in the user's cache folder, with a copy of the
# file that names the versions, so that it is installed only once.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
name=$(basename "$0")
case $(uname) in
Darwin) cache=$HOME/Library/Caches ;;
*) cache=${XDG_CACHE_HOME:-$HOME/.cache} ;;
esac
folder=$cache/iothub-sdktest/$name

# begin FILE COMMAND... ends the script if the versions in FILE are installed
# already or a command is missing. Otherwise, it makes an empty folder.
begin() {
	pins=$here/$1
	shift
	if cmp -s "$pins" "$folder/installed"; then
		exit
	fi
	for command; do
		if ! command -v "$command" >/dev/null; then
			echo "setup/$name: $command is missing" >&2
			exit 1
		fi
	done
	rm -rf "$folder"
	mkdir -p "$folder"
}

# again COMMAND... tries a download up to four times.
again() {
	for pause in 2 10 30 0; do
		if "$@" >&2; then
			return
		fi
		sleep "$pause"
	done
	echo "setup/$name: gave up: $*" >&2
	exit 1
}

# finish records which versions are installed.
finish() { cp "$pins" "$folder/installed"; }

//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Permission bits of the group and of all others.
const (
	othersRead  fs.FileMode = 0o044
	othersWrite fs.FileMode = 0o022
)

// exposed returns a warning if other users of this machine have access to a
// folder of the hub, or to a file that holds keys, and says how to end that.
// Read access to a folder is harmless, as it only reveals names.
func exposed(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	mode := info.Mode().Perm()
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return fmt.Sprintf("%s belongs to another user, who may change its contents", path)
	case mode&othersWrite != 0:
		return fmt.Sprintf("others may write to %[1]s; to end that: chmod go-w '%[1]s'", path)
	case mode&othersRead != 0 && !info.IsDir():
		return fmt.Sprintf("others may read the keys in %[1]s; to end that: chmod go-r '%[1]s'", path)
	}
	return ""
}

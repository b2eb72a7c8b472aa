package main

import (
	"context"
	"errors"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"moduletwin/pkg/localhub"
)

// keepFilesEvery is how often the hub checks its files.
const keepFilesEvery = time.Minute

// keepFiles checks the files of a running hub until ctx is done, because
// somebody may delete them. It writes the certificate again; if the data file
// is deleted, it can only log that.
func keepFiles(ctx context.Context, ca *certificateFile, data string) {
	ticker := time.NewTicker(keepFilesEvery)
	defer ticker.Stop()
	file := filepath.Join(data, localhub.DataFile)
	var trouble error // the last error of writing the certificate
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		err := ca.write()
		if err != nil && !sameCause(err, trouble) {
			log.Printf("localhub: the certificate cannot be written: %v", err)
		}
		trouble = err
		if _, err := os.Stat(file); data != "" && errors.Is(err, fs.ErrNotExist) {
			log.Printf("localhub: %s was deleted: all data will be lost when the hub ends. Start it again.", file)
			data = "" // log it only once
		}
	}
}

// sameCause reports whether two errors have the same cause. It compares the
// system errors that they wrap, because their texts contain the names of
// temporary files, which always differ. Errors that wrap none are compared by
// their texts.
func sameCause(err, before error) bool {
	if before == nil {
		return false
	}
	var now, then syscall.Errno
	if errors.As(err, &now) && errors.As(before, &then) {
		return now == then
	}
	return err.Error() == before.Error()
}

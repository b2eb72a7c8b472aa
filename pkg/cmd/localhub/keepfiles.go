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

// keepFilesEvery is how often the hub looks after its files.
const keepFilesEvery = time.Minute

// keepFiles looks after the files of a running hub until ctx is done, as
// somebody may tidy up. The certificate is written again; that data are lost
// can only be said.
func keepFiles(ctx context.Context, ca *certificateFile, data string) {
	ticker := time.NewTicker(keepFilesEvery)
	defer ticker.Stop()
	file := filepath.Join(data, localhub.DataFile)
	var trouble error // why the certificate could not be written the last time
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
			log.Printf("localhub: %s was deleted: what the hub knows ends with it. Start it again.", file)
			data = "" // once is enough
		}
	}
}

// sameCause compares the errors of the system below two errors, as their texts
// hold the names of drafts, which differ; without such errors, the texts.
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

package main

import (
	"context"
	"errors"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	"moduletwin/pkg/localhub"
)

const upkeepEvery = time.Minute

// keepFiles sees to the files of a hub that runs, as somebody may tidy up,
// until ctx is done. The certificate is written again; that data are lost can
// only be said.
func keepFiles(ctx context.Context, ca *certificateFile, data string) {
	ticker := time.NewTicker(upkeepEvery)
	defer ticker.Stop()
	file := filepath.Join(data, localhub.DataFile)
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if err := ca.write(); err != nil {
			log.Printf("localhub: the certificate cannot be written: %v", err)
		}
		if _, err := os.Stat(file); data != "" && errors.Is(err, fs.ErrNotExist) {
			log.Printf("localhub: %s was deleted: what the hub knows ends with it. Start it again.", file)
			data = "" // once is enough
		}
	}
}

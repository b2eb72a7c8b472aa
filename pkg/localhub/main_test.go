package localhub_test

import (
	"os"
	"testing"

	"moduletwin/pkg/internal/leak"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(killFolder); folder != "" {
		serveUntilKilled(folder)
	}
	os.Exit(leak.Run(m))
}

package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"moduletwin/pkg/iothub"
)

var update = flag.Bool("update", false, "make the picture for the README again")

const (
	picture    = "../../../docs/moduldetails.png"
	madeFrom   = "testdata/picture.sha256" // the hash of the page that the picture shows
	maxPicture = 150_000                   // bytes
)

// TestPicture takes the picture of Moduldetails for the README if -update is
// set. Otherwise it fails if the page has changed since.
func TestPicture(t *testing.T) {
	now := hashOfPage(t)
	if !*update {
		before, err := os.ReadFile(madeFrom)
		if err != nil || strings.TrimSpace(string(before)) != now {
			t.Errorf("the page has changed since its picture was made: go test -run Picture -update (%v)", err)
		}
		return
	}
	image := takePicture(t)
	if len(image) > maxPicture {
		t.Fatalf("the picture has %d bytes, the limit is %d", len(image), maxPicture)
	}
	for name, content := range map[string][]byte{picture: image, madeFrom: []byte(now + "\n")} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func hashOfPage(t *testing.T) string {
	t.Helper()
	hash := sha256.New()
	err := filepath.WalkDir("../page", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		hash.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// takePicture takes a picture of a module that has answered the first of two
// changes, just after the second.
func takePicture(t *testing.T) []byte {
	s := newScene(t)
	module := s.hub.AddModule("myFirstDevice", "myFirstModule")
	client := dial(t, s.hub, module)
	s.patch(t, "myFirstDevice", "myFirstModule", map[string]any{"telemetryInterval": 122, "display": map[string]any{"brightness": 80, "unit": "celsius"}})
	if _, err := client.UpdateReported(t.Context(), map[string]any{"telemetryInterval": 122, "display": map[string]any{"brightness": 80, "unit": "celsius"}, "battery": 0.87}); err != nil {
		t.Fatal(err)
	}
	p := open(t, s.address)
	p.resize(1280, 960, "light")
	p.visit("/devices/myFirstDevice/modules/myFirstModule")
	p.see("Live")
	if _, err := s.service.UpdateModuleTwin(t.Context(), "myFirstDevice", "myFirstModule", iothub.TwinPatch{Desired: map[string]any{"telemetryInterval": 60}}, ""); err != nil {
		t.Fatal(err)
	}
	p.until(`document.querySelector('[class*=lit]')`)
	image, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	return image
}

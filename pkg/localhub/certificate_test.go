package localhub

import (
	"bytes"
	"testing"
	"time"

	"moduletwin/pkg/localhub/internal/registry"
)

// TestRenewal keeps a certificate until it is about to expire or has to be
// good for more names.
func TestRenewal(t *testing.T) {
	folder := t.TempDir()
	r, err := registry.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	now := time.Now()
	first, err := keptCertificate(r, loopback, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		names []string
		now   time.Time
		same  bool
	}{
		{"the next day", loopback, now.Add(24 * time.Hour), true},
		{"another name", append([]string{"hub.example"}, loopback...), now, false},
		{"back to fewer names", loopback, now, true},
		{"a year later", loopback, now.Add(340 * 24 * time.Hour), false},
	} {
		got, err := keptCertificate(r, row.names, row.now)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got.authority.Raw, first.authority.Raw) != row.same {
			t.Errorf("%s: kept %v, want %v", row.name, !row.same, row.same)
		}
		first = got
	}
}

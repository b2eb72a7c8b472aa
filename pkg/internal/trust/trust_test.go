package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"moduletwin/pkg/internal/trust"
)

// certificate is one that no system trusts; certificatePEM is its PEM form.
var certificate, certificatePEM = func() (*x509.Certificate, []byte) {
	ts := httptest.NewTLSServer(nil)
	defer ts.Close()
	return ts.Certificate(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ts.Certificate().Raw})
}()

func TestConfigTrusts(t *testing.T) {
	own := x509.NewCertPool()
	own.AddCert(certificate)
	tests := []struct {
		name, host   string
		roots        *x509.CertPool
		named, local []byte // the content of the two files; nil for no file
		want         bool
	}{
		{"nobody by default", "example.com", nil, nil, nil, false},
		{"nobody by default, on this machine", "localhost", nil, nil, nil, false},
		{"the file that the variable names", "example.com", nil, certificatePEM, nil, true},
		{"the named file, also on this machine", "localhost", nil, certificatePEM, nil, true},
		{"the local hub, by name", "localhost", nil, nil, certificatePEM, true},
		{"the local hub, by name in capitals", "LocalHost", nil, nil, certificatePEM, true},
		{"the local hub, by IPv4 address", "127.0.0.1", nil, nil, certificatePEM, true},
		{"the local hub, by IPv6 address", "::1", nil, nil, certificatePEM, true},
		{"the local hub is not trusted under another machine's name", "example.com", nil, nil, certificatePEM, false},
		{"nor under an address that merely looks local", "10.0.0.1", nil, nil, certificatePEM, false},
		{"nor under a name that merely looks local", "localhost.example.com", nil, nil, certificatePEM, false},
		{"certificates after other text", "example.com", nil, append([]byte("# our proxy\n"), certificatePEM...), nil, true},
		{"the roots that are given", "example.com", own, nil, nil, true},
		{"the roots that are given, and no others", "localhost", x509.NewCertPool(), certificatePEM, certificatePEM, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			setFiles(t, test.named, test.local)
			config, err := trust.Config(test.host, test.roots)
			if err != nil {
				t.Fatal(err)
			}
			_, err = certificate.Verify(x509.VerifyOptions{Roots: config.RootCAs})
			if trusted := err == nil; trusted != test.want {
				t.Errorf("trusted: %t, want %t", trusted, test.want)
			}
			if config.ServerName != test.host || config.MinVersion != tls.VersionTLS12 || config.InsecureSkipVerify {
				t.Errorf("got %+v", config)
			}
		})
	}
}

// The system's roots stay trusted when others are added, except for this
// machine's own names, for which no public authority vouches.
func TestSystemRoots(t *testing.T) {
	setFiles(t, certificatePEM, nil)
	all, err := x509.SystemCertPool()
	if err != nil {
		t.Skip(err)
	}
	all.AddCert(certificate)
	own := x509.NewCertPool()
	own.AddCert(certificate)
	for host, want := range map[string]*x509.CertPool{"example.com": all, "localhost": own} {
		if config, err := trust.Config(host, nil); err != nil || !config.RootCAs.Equal(want) {
			t.Errorf("%s: got other roots than wanted, error %v", host, err)
		}
	}
	t.Setenv(trust.Variable, "")
	if config, err := trust.Config("example.com", nil); err != nil || config.RootCAs != nil {
		t.Errorf("roots are loaded, although only the system's are wanted, error %v", err)
	}
}

// It must not go unnoticed that a named file cannot be used.
func TestConfigRefuses(t *testing.T) {
	tests := []struct {
		name, host   string
		named, local []byte
		says         string // %s stands for the path
	}{
		{"named file is empty", "example.com", []byte{}, nil, "IOTHUB_CA_FILE: %s contains no PEM certificate"},
		{"named file is not PEM", "example.com", certificate.Raw, nil, "IOTHUB_CA_FILE: %s contains no PEM certificate"},
		{"file of the local hub is not PEM", "localhost", nil, []byte("?"), "certificate of the local hub: %s contains no PEM certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			named, local := setFiles(t, test.named, test.local)
			if test.named == nil {
				named = local
			}
			want := fmt.Sprintf(test.says, named)
			if _, err := trust.Config(test.host, nil); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	t.Run("named file is missing", func(t *testing.T) {
		missing := filepath.Join(t.TempDir(), "missing.pem")
		t.Setenv(trust.Variable, missing)
		if _, err := trust.Config("example.com", nil); err == nil || !strings.HasPrefix(err.Error(), "IOTHUB_CA_FILE: open "+missing+": ") {
			t.Errorf("got %v", err)
		}
	})
}

// Each local hub has its own file; other files in the folder do not matter.
func TestSeveralHubs(t *testing.T) {
	_, local := setFiles(t, nil, nil)
	folder := filepath.Dir(local)
	write(t, filepath.Join(folder, "ca-0123abcd.pem"), certificatePEM)
	write(t, filepath.Join(folder, "ca-0123abcd.pem.1.draft"), nil)
	write(t, filepath.Join(folder, "hub.db"), nil)
	config, err := trust.Config("localhost", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: config.RootCAs}); err != nil {
		t.Error(err)
	}
}

// Without a home folder there is no local hub, but Azure can still be reached.
func TestNoHome(t *testing.T) {
	t.Setenv(trust.Variable, "")
	for _, variable := range homes {
		t.Setenv(variable, "")
	}
	if _, err := trust.LocalFolder(); err == nil {
		t.Skip("this system finds a home folder anyway")
	}
	if _, err := trust.Config("localhost", nil); err != nil {
		t.Error(err)
	}
}

// homes are the variables from which [os.UserConfigDir] finds the folder on the
// various systems.
var homes = []string{"XDG_CONFIG_HOME", "HOME", "AppData"}

// setFiles gives the test its own home folder, writes the files and returns
// their paths.
func setFiles(t *testing.T, named, local []byte) (namedFile, localFile string) {
	t.Helper()
	for _, variable := range homes {
		t.Setenv(variable, t.TempDir())
	}
	t.Setenv(trust.Variable, "")
	folder, err := trust.LocalFolder()
	if err != nil {
		t.Fatal(err)
	}
	namedFile, localFile = filepath.Join(t.TempDir(), "roots.pem"), filepath.Join(folder, trust.LocalCAFile)
	if named != nil {
		t.Setenv(trust.Variable, namedFile)
		write(t, namedFile, named)
	}
	if local != nil {
		write(t, localFile, local)
	}
	return namedFile, localFile
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

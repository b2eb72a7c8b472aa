package commandline_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"moduletwin/pkg/internal/commandline"
)

func TestPaste(t *testing.T) {
	plain := []commandline.Assignment{{Name: "A", Value: "b;C=d="}, {Name: "E", Value: "f"}}
	special := []commandline.Assignment{{Name: "A", Value: "DeviceId=$it's"}}
	for _, test := range []struct {
		system      string
		assignments []commandline.Assignment
		want        []string
	}{
		{"linux", plain, []string{`export A="b;C=d="`, `export E="f"`}},
		{"darwin", plain, []string{`export A="b;C=d="`, `export E="f"`}},
		{"windows", plain, []string{`$env:A = "b;C=d="`, `$env:E = "f"`, "", "or, in cmd:", "", `set "A=b;C=d="`, `set "E=f"`}},
		{"linux", special, []string{`export A='DeviceId=$it'\''s'`}},
		{"windows", special, []string{`$env:A = 'DeviceId=$it''s'`, "", "or, in cmd:", "", `set "A=DeviceId=$it's"`}},
	} {
		if got := commandline.Paste(test.system, test.assignments...); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.system, got, test.want)
		}
	}
}

// TestPasteInAShell checks that a shell sets every value, whatever characters
// ids have.
func TestPasteInAShell(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	for _, value := range []string{"HostName=h;DeviceId=d;SharedAccessKey=a/b+c==", "$HOME", "it's", `a"b`, "`id`", "a!b", `a\b`, "-:.+%_#*?!(),=@;$'", "''", `C:\folder`} {
		line := commandline.Paste("linux", commandline.Assignment{Name: "A", Value: value})[0]
		out, err := exec.Command(shell, "-c", line+"\nprintf %s \"$A\"").CombinedOutput()
		if err != nil || string(out) != value {
			t.Errorf("%s sets %q, %v, want %q", line, out, err, value)
		}
		if strings.Contains(line, "\n") {
			t.Errorf("%q is not one line", line)
		}
	}
}

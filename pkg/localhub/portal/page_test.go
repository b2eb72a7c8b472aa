package portal_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxPage is the most that the page may weigh on its way to the browser, in
// bytes.
const maxPage = 60_000

// TestWeight loads everything that the page consists of.
func TestWeight(t *testing.T) {
	s := newScene(t)
	total := 0
	for _, path := range append([]string{"/", "/assets/style.css", "/assets/icon.svg"}, scripts(t)...) {
		if !strings.HasPrefix(path, "/") {
			path = "/assets/" + filepath.Base(path)
		}
		request, err := http.NewRequest("GET", s.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "gzip") // otherwise the client decompresses the response
		response, err := s.viewer.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", path, response.Status, err)
		}
		total += len(body)
	}
	t.Logf("the page weighs %d bytes", total)
	if total > maxPage {
		t.Errorf("that is more than %d", maxPage)
	}
}

func scripts(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("page/*.js")
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no scripts: %v", err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTexts checks that every text that the scripts name exists in both
// languages, and that every text is used.
func TestTexts(t *testing.T) {
	entry := regexp.MustCompile(`(?m)^\t(\w+): \[('(?:[^'\\]|\\.)+'), ('(?:[^'\\]|\\.)+')\],$`)
	words := read(t, "page/text.js")
	begin, end := strings.Index(words, "const words = {\n"), strings.Index(words, "\n};")
	lines := 0
	used := ""
	for _, name := range scripts(t) {
		if filepath.Base(name) != "text.js" {
			used += read(t, name)
		}
	}
	for line := range strings.SplitSeq(words[begin+len("const words = {\n"):end], "\n") {
		if line == "" {
			continue
		}
		found := entry.FindStringSubmatch(line)
		if found == nil {
			t.Errorf("not a text in both languages: %s", line)
			continue
		}
		lines++
		if places := regexp.MustCompile(`\{\w+\}`); strings.Join(places.FindAllString(found[2], -1), "") == "" != (strings.Join(places.FindAllString(found[3], -1), "") == "") {
			t.Errorf("%s: the placeholders differ between the languages", found[1])
		}
		name := regexp.MustCompile(`(Long|Module|Short|Problem)$`).ReplaceAllString(found[1], "")
		if !regexp.MustCompile(`\b`+name+`\b`).MatchString(used) && !strings.Contains("RegistryRead RegistryWrite ServiceConnect DeviceConnect character object more end", name) {
			t.Errorf("no script uses %s", found[1])
		}
	}
	if lines < 100 {
		t.Errorf("only %d texts were found", lines)
	}
	for _, call := range regexp.MustCompile(`\bt\('(\w+)'`).FindAllStringSubmatch(used, -1) {
		if !strings.Contains(words, "\n\t"+call[1]+": [") {
			t.Errorf("there is no text %s", call[1])
		}
	}
}

// TestNoMarkup checks that no script turns text into markup, and that no page
// contains code.
func TestNoMarkup(t *testing.T) {
	for _, name := range scripts(t) {
		for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setAttribute('style"} {
			if strings.Contains(read(t, name), word) {
				t.Errorf("%s uses %s", name, word)
			}
		}
	}
	for _, name := range []string{"index.html", "signin.html", "forward.html"} {
		if text := read(t, "page/"+name); regexp.MustCompile(`(?i)\son\w+=|style=|<style|<script(\s+type="module")?>|https?://[^l]`).MatchString(text) {
			t.Errorf("%s contains code, or loads something from elsewhere", name)
		}
	}
}

// TestVersionedAssets checks that an asset may be cached under the address that
// the page names, and that the addresses of other versions do not exist.
func TestVersionedAssets(t *testing.T) {
	s := newScene(t)
	get := func(path string) (*http.Response, string) {
		t.Helper()
		response, err := s.viewer.Get(s.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(body)
	}
	_, html := get("/")
	_, rest, _ := strings.Cut(html, `src="`)
	script, _, _ := strings.Cut(rest, `"`)
	response, _ := get(script)
	if kept := response.Header.Get("Cache-Control"); response.StatusCode != http.StatusOK || !strings.Contains(kept, "immutable") || !strings.Contains(kept, "private") {
		t.Errorf("%s: %s, Cache-Control %q", script, response.Status, kept)
	}
	other := "/assets/0000000000000000/app.js"
	if response, _ := get(other); response.StatusCode != http.StatusNotFound || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s: %s, Cache-Control %q", other, response.Status, response.Header.Get("Cache-Control"))
	}
}

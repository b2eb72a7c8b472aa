package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync"
)

//go:embed page
var page embed.FS

var templates = template.Must(template.ParseFS(page, "page/*.html"))

// assets holds the files that the page loads, compressed, by name.
var assets = sync.OnceValue(func() map[string][]byte {
	entries, err := page.ReadDir("page")
	if err != nil {
		panic("portal: " + err.Error()) // impossible: it is embedded
	}
	compressed := make(map[string][]byte)
	for _, entry := range entries {
		if _, known := types[path.Ext(entry.Name())]; known {
			compressed[entry.Name()] = compress(entry.Name())
		}
	}
	return compressed
})

func compress(name string) []byte {
	content, err := page.ReadFile("page/" + name)
	if err != nil {
		panic("portal: " + err.Error()) // impossible: it is embedded
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // this level exists
	w.Write(content)                                        // writing to a Buffer never fails
	w.Close()
	return out.Bytes()
}

// servePage serves the only page, whichever view the address names. The page
// lists all scripts, so that the browser loads them at once and not one after
// the other as each imports the next.
func (p *Portal) servePage(w http.ResponseWriter, _ *http.Request) {
	var scripts []string
	for name := range assets() {
		if path.Ext(name) == ".js" {
			scripts = append(scripts, name)
		}
	}
	slices.Sort(scripts)
	render(w, http.StatusOK, "index.html", struct {
		Assets  string
		Scripts []string
	}{"/assets/" + assetsVersion() + "/", scripts})
}

// assetsVersion changes when any asset changes. It is part of their URLs, so
// that browsers may cache them: the assets of another version have other URLs.
var assetsVersion = sync.OnceValue(func() string {
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(assets())) {
		hash.Write(assets()[name])
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
})

// serveVersionedAsset is serveAsset for URLs that contain the version.
func serveVersionedAsset(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("version") != assetsVersion() {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	serveAsset(w, r)
}

func render(w http.ResponseWriter, status int, name string, data any) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, data); err != nil {
		panic("portal: " + err.Error()) // impossible: it is embedded
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(text.Bytes())
}

// public lists what the page that asks for the token needs. These assets reveal
// nothing.
var public = []string{"/assets/style.css", "/assets/icon.svg"}

func isPublic(r *http.Request) bool {
	return r.Method == http.MethodGet && slices.Contains(public, r.URL.Path)
}

// types holds the content types of the assets. Those that a machine has
// registered may differ.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, known := assets()[name]
	if !known {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", types[path.Ext(name)])
	w.Header().Set("Content-Encoding", "gzip") // every browser supports it
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	w.Write(content)
}

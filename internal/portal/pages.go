package portal

import (
	"embed"
	"io/fs"

	"countersign/internal/web"
)

//go:embed all:pages
var pages embed.FS

// newRenderer reads the pages of this face.
func newRenderer(site *web.Site) (*web.Renderer, error) {
	sub, err := fs.Sub(pages, "pages")
	if err != nil {
		return nil, err
	}
	return site.Renderer(sub)
}

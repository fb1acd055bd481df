package web

import (
	"net/http"
	"regexp"

	"countersign"
)

// logoPath is before the names of workspaces' pictures. A name is made of what is in the
// picture, and a workspace's alone: at another's address it leads nowhere.
const logoPath = "/brand/"

// A picture's kind is what we found in it; nobody says what it is (security.md 41).
var logoFile = regexp.MustCompile(`^logo-[0-9a-f]{16}\.(png|jpg|webp)$`)

func logoURL(name string) string {
	if name == "" {
		return ""
	}
	return logoPath + name
}

// serveLogo answers with a picture that may be kept for ever, but by the browser alone:
// what stands between has no business with a company's pictures.
func (s *Site) serveLogo(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	found := logoFile.FindStringSubmatch(name)
	if found == nil || s.Logo == nil {
		return countersign.Refuse(countersign.NotFound, "no_page")
	}
	body, err := s.Logo(r.Context(), name)
	if err != nil {
		return err
	}
	kinds := map[string]string{"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
	w.Header().Set("Content-Type", kinds[found[1]])
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, err = w.Write(body)
	return err
}

package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
)

// keptFile is what the name of a file's field has in front of it where a page carries the
// file's octets along, in base64 (RFC 4648 section 5, without padding): no page can put a
// file into the browser's own field for files.
const keptFile = "kept."

// A Part is one thing that a form sent: what was typed, or the octets of a file.
type Part struct {
	Name, Value string
	File        bool
}

// ReadUpload takes a form that may carry a file (RFC 7578), and the file's octets: nil
// where none was chosen. What a form without a file sends is read as by [ReadForm]. How
// much may be sent is said by [Options.Bodies].
func ReadUpload(r *http.Request, file string) (*Form, []byte, error) {
	parts, err := partsOf(r)
	if err != nil {
		return nil, nil, err
	}
	if parts == nil {
		form, err := ReadForm(r)
		return form, nil, err
	}
	form := NewForm()
	var upload []byte
	for _, part := range parts {
		switch {
		case part.File && part.Name == file:
			if part.Value != "" {
				upload = []byte(part.Value)
			}
			continue
		case part.Name == keptFile+file:
			kept, err := base64.RawURLEncoding.DecodeString(part.Value)
			if err != nil {
				return nil, nil, errBadForm
			}
			upload = kept
			continue
		case !clean(part.Name) || !clean(part.Value):
			return nil, nil, errBadText
		}
		_, twice := form.Values[part.Name]
		if !twice {
			form.Values[part.Name] = part.Value
		}
	}
	return form, upload, nil
}

// Posted is all that a form sent, and whether as one that may carry a file.
type Posted struct {
	Parts  []Part
	Upload bool
}

// Sent is all that a form sent, so that a page can send it once more. A file comes as a field
// that ReadUpload takes for it. Nothing of it belongs into an address or the log.
func Sent(r *http.Request) (Posted, error) {
	parts, err := partsOf(r)
	if err != nil {
		return Posted{}, err
	}
	sent := Posted{Upload: parts != nil}
	for _, part := range parts {
		switch {
		case part.File && part.Value != "":
			part = Part{Name: keptFile + part.Name, Value: base64.RawURLEncoding.EncodeToString([]byte(part.Value))}
		case part.File:
			continue // none was chosen
		case !clean(part.Name) || !clean(part.Value):
			return Posted{}, errBadText
		}
		sent.Parts = append(sent.Parts, part)
	}
	if sent.Upload {
		return sent, nil
	}
	err = r.ParseForm()
	if err != nil {
		return Posted{}, formError(err)
	}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		for _, value := range r.PostForm[name] {
			sent.Parts = append(sent.Parts, Part{Name: name, Value: value})
		}
	}
	return sent, nil
}

// partsOf reads the body of a form that may carry a file, once: nil for any other.
func partsOf(r *http.Request) ([]Part, error) {
	st := stateOf(r.Context())
	if st != nil && st.parts != nil {
		return st.parts, nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, nil //nolint:nilerr // it is read as any other form, which says what is wrong
	}
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	parts := []Part{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, formError(err)
		}
		var body bytes.Buffer
		_, err = body.ReadFrom(part)
		if err != nil {
			return nil, formError(err)
		}
		parts = append(parts, Part{Name: part.FormName(), Value: body.String(), File: isFile(part)})
	}
	if st != nil {
		st.parts = parts
	}
	return parts, nil
}

func isFile(part *multipart.Part) bool {
	return part.FileName() != "" || part.Header.Get("Content-Type") != ""
}

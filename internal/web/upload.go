package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
)

// ReadUpload takes a form that may carry a file (RFC 7578), and the file's octets: nil
// where none was chosen. What a form without a file sends is read as by [ReadForm]. How
// much may be sent is said by [Options.Bodies].
func ReadUpload(r *http.Request, file string) (*Form, []byte, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		form, err := ReadForm(r)
		return form, nil, err
	}
	form := NewForm()
	var upload []byte
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, upload, nil
		}
		if err != nil {
			return nil, nil, formError(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, formError(err)
		}
		if part.FormName() == file && isFile(part) {
			if len(body) > 0 {
				upload = body
			}
			continue
		}
		if !clean(part.FormName()) || !clean(string(body)) {
			return nil, nil, errBadText
		}
		_, twice := form.Values[part.FormName()]
		if !twice {
			form.Values[part.FormName()] = string(body)
		}
	}
}

func isFile(part *multipart.Part) bool {
	return part.FileName() != "" || part.Header.Get("Content-Type") != ""
}

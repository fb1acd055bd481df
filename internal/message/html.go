package message

import (
	_ "embed" // the template
	"fmt"
	"html/template"
	"strings"
)

//go:embed mail.html
var mailHTML string

// parseHTML reads the one HTML form that all mails have.
func parseHTML() (*template.Template, error) {
	t, err := template.New("mail").Parse(mailHTML)
	if err != nil {
		return nil, fmt.Errorf("read the mail template: %w", err)
	}
	return t, nil
}

// html is the HTML form of the mail.
func (d document) html(t *template.Template) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, d)
	if err != nil {
		return "", fmt.Errorf("write the mail as HTML: %w", err)
	}
	return b.String(), nil
}

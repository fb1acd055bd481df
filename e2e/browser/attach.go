package browser

import (
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/chromedp"
)

// Attach chooses a file of this machine in the field with this label, as a person does in
// the dialogue that the browser opens.
func (p *Page) Attach(label, file string) {
	p.tb.Helper()
	p.until(func() string {
		object, err := p.tab.element(`[...(` + p.scope + `)?.querySelectorAll("label") ?? []].find(l => l.innerText.trim() === ` + quote(label) + ` && l.control?.type === "file" && !l.control.disabled)?.control ?? null`)
		if err != nil || object == "" {
			return "no field for a file called " + quote(label)
		}
		ctx, cancel := p.tab.limit()
		defer cancel()
		_, err = chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{file}, ObjectID: object})
		if err != nil {
			return err.Error()
		}
		return ""
	})
}

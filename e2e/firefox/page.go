package firefox

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"countersign/e2e/desktop"
)

// Open opens a path of the site and waits until it has loaded.
func (f *Firefox) Open(path string) {
	f.tb.Helper()
	f.call("WebDriver:Navigate", map[string]any{"url": f.base + path}, nil)
}

// URL is the address that the tab shows.
func (f *Firefox) URL() string {
	f.tb.Helper()
	var answer struct{ Value string }
	f.call("WebDriver:GetCurrentURL", nil, &answer)
	return answer.Value
}

func (f *Firefox) call(command string, parameters map[string]any, out any) {
	f.tb.Helper()
	err := f.c.call(command, parameters, out)
	if err != nil {
		f.tb.Fatal(err)
	}
}

// element is the key of an element's reference (W3C WebDriver, section 12.1).
const element = "element-6066-11e4-a52e-4f735466cecf"

// find waits for the visible element that this XPath leads to.
func (f *Firefox) find(what, xpath string) string {
	f.tb.Helper()
	var answer struct{ Value map[string]string }
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		err = f.c.call("WebDriver:FindElement", map[string]any{"using": "xpath", "value": xpath}, &answer)
		if err == nil {
			return answer.Value[element]
		}
	}
	f.tb.Fatalf("no %s: %v\n%s", what, err, f.Text())
	return ""
}

// Click clicks on the button or link with this text. Firefox refuses where something
// lies over it.
func (f *Firefox) Click(name string) {
	f.tb.Helper()
	xpath := fmt.Sprintf(`//*[self::button or self::a or @role="button"][normalize-space()=%s]`, literal(name))
	f.call("WebDriver:ElementClick", map[string]any{"id": f.find("button or link "+name, xpath)}, nil)
}

// Type replaces what is in the field with this label.
func (f *Firefox) Type(label, text string) {
	f.tb.Helper()
	id := f.find("field "+label, fmt.Sprintf(`//*[@id=//label[normalize-space()=%s]/@for]`, literal(label)))
	f.call("WebDriver:ElementClear", map[string]any{"id": id}, nil)
	f.call("WebDriver:ElementSendKeys", map[string]any{"id": id, "text": text}, nil)
}

// literal writes a text for XPath 1.0, which has no escapes.
func literal(text string) string {
	return `concat("", "` + strings.ReplaceAll(text, `"`, `", '"', "`) + `")`
}

// Text is what is visible on the page.
func (f *Firefox) Text() string {
	f.tb.Helper()
	var text string
	f.Evaluate("document.body.innerText", &text)
	return text
}

// See waits until all these texts are visible.
func (f *Firefox) See(texts ...string) {
	f.tb.Helper()
	for _, text := range texts {
		for deadline := time.Now().Add(patience); !strings.Contains(f.Text(), text); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				f.tb.Fatalf("%q is not visible (waited %v):\n%s", text, patience, f.Text())
			}
		}
	}
}

// Evaluate runs a JavaScript expression in the page, awaits its promise, and decodes
// its value into out unless that is nil.
func (f *Firefox) Evaluate(expression string, out any) {
	f.tb.Helper()
	answer := struct{ Value any }{out}
	f.call("WebDriver:ExecuteScript", map[string]any{"script": "return (" + expression + ")", "args": []any{}, "newSandbox": false}, &answer)
}

// PNG is a picture of what is visible.
func (f *Firefox) PNG() []byte {
	f.tb.Helper()
	var answer struct{ Value string }
	f.call("WebDriver:TakeScreenshot", map[string]any{"full": false}, &answer)
	png, err := base64.StdEncoding.DecodeString(answer.Value)
	if err != nil {
		f.tb.Fatalf("take a picture: %v", err)
	}
	return png
}

// Windows is how many tabs there are.
func (f *Firefox) Windows() int {
	f.tb.Helper()
	var handles []string
	f.call("WebDriver:GetWindowHandles", nil, &handles)
	return len(handles)
}

// Screen is where its notifications are shown.
func (f *Firefox) Screen() *desktop.Desktop { return f.screen }

// AddAuthenticator gives Firefox a finger to know, as a built-in authenticator does:
// the virtual one of W3C Web Authentication, section 11.
func (f *Firefox) AddAuthenticator() {
	f.tb.Helper()
	var answer struct{ Value string }
	f.call("WebAuthn:AddVirtualAuthenticator", map[string]any{
		"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
		"isUserConsenting": true, "isUserVerified": true,
	}, &answer)
	f.finger = answer.Value
}

// Verify says whether the authenticator knows the finger from now on.
func (f *Firefox) Verify(knows bool) {
	f.tb.Helper()
	f.call("WebAuthn:SetUserVerified", map[string]any{"authenticatorId": f.finger, "isUserVerified": knows}, nil)
}

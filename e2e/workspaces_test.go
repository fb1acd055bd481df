package e2e_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"countersign/e2e/browser"
	"countersign/e2e/judge"
	"countersign/e2e/site"
	"countersign/internal/method/totp"
)

// drawing is a picture that somebody has for a logo.
func drawing(t *testing.T) string {
	t.Helper()
	const side = 96
	canvas := image.NewNRGBA(image.Rect(0, 0, side, side))
	for x := range side {
		for y := range side {
			if dx, dy := x-side/2, y-side/2; dx*dx+dy*dy < side*side/5 {
				canvas.Set(x, y, color.NRGBA{0x7a, 0x0c, 0x3e, 0xff})
			}
		}
	}
	var out bytes.Buffer
	must(t, png.Encode(&out, canvas))
	file := filepath.Join(t.TempDir(), "logo.png")
	must(t, os.WriteFile(file, out.Bytes(), 0o600))
	return file
}

// globex makes a second workspace with the program itself, beside the running server, and
// returns it and the path of its set-up address.
func (h *house) globex() (*house, string) {
	h.t.Helper()
	data := []string{"--data", h.Data, "--url", h.URL}
	printed := program(h.t, append([]string{"admin", "workspace", "create", "Globex GmbH", "--host", "first.localhost"}, data...)...)
	if !strings.Contains(printed, "\nhttp://first.localhost") {
		h.t.Errorf("made at first.localhost, and printed is\n%s", printed)
	}
	// The host last: a server that knows it knows the rest.
	program(h.t, append([]string{"admin", "workspace", "set", "first.localhost", "--host", "globex.localhost", "--accent", "#7a0c3e", "--logo", drawing(h.t)}, data...)...)
	printed = program(h.t, append([]string{"admin", "workspace", "setup", "globex.localhost"}, data...)...)
	address := regexp.MustCompile(`(?m)^http://globex\.localhost\S*$`).FindString(printed)
	w, err := h.Engine.People.FindWorkspace(h.t.Context(), "globex.localhost")
	must(h.t, err)
	other := &house{h.At(h.t, w.ID, "Globex GmbH"), h.t}
	path, ours := strings.CutPrefix(address, other.URL)
	if !ours {
		h.t.Fatalf("the set-up address of %s is %q", other.URL, address)
	}
	return other, path
}

// TestASecondWorkspace goes the whole way of a company that gets a workspace of its own:
// made by the operator, set up by its first owner, signed in to with both factors.
func TestASecondWorkspace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	g, setUp := h.globex()
	ada := &person{&site.Person{Name: "Ada Lovelace", Email: site.Owner, Password: "seven lanterns in the harbour"}, g}
	page := g.browser()
	page.Open(setUp)
	page.See("Create the first account", "Globex GmbH")
	if got := page.Value("Name of your company or team"); got != "Globex GmbH" {
		t.Errorf("the name of the company is %q already", got)
	}
	page.Type("Your name", ada.Name)
	page.Type("E-mail address", ada.Email)
	page.Type("Password", ada.Password)
	page.Click("Create account")
	page.Click("Next")
	ada.App = g.scan(page)
	ada.confirm(page, ada.App, "Pixel 9")
	ada.Codes = ada.saveCodes(page)
	page.Click("Continue")
	page.See("It is on.", "Authenticator app on Pixel 9", "Globex GmbH")
	// The address is the owner's of the default workspace too; here it is Ada's.
	mail := g.mail(ada.Email, "Two-factor authentication is on for Globex GmbH")
	if !strings.Contains(mail.Header.Get("From"), "Globex GmbH") || !strings.Contains(mail.HTML, "#7a0c3e") || strings.Contains(mail.Text, h.URL) {
		t.Errorf("a mail of Globex is from %q:\n%s", mail.Header.Get("From"), mail.Text)
	}
	signOut(page)
	g.Clock.Advance(totp.Period)
	ada.signIn(page)
	g.looks(page)

	finger := browser.NewAuthenticator(false)
	finger.Join(page)
	addPasskey(page, "Laptop")
	// The same browser is nobody at the other workspace, and its passkey unknown there.
	page.Evaluate("location.assign("+quoted(h.URL+"/account/security")+")", nil)
	page.See("Sign in", "Acme")
	page.NotSee("Globex")
	page.Evaluate("location.assign("+quoted(g.URL+"/account/security")+")", nil)
	page.See("Globex GmbH", "Passkey Laptop")
	page.Open("/account/security")
	finger.Ignore(t) // or the browser would sign in by itself, before it is looked at
	signOut(page)
	ada.first(page)
	finger.Accept(t)
	page.Click("Use passkey")
	page.See("It is on.", "Globex GmbH")
	finger.Ignore(t)
	signOut(page)

	owner := &person{&site.Person{Name: "Olga Owner", Email: site.Owner, Password: site.GoodPassword}, h}
	there := h.browser()
	owner.first(there)
	there.See("Security", "Acme")
	there.NotSee("Globex")
}

// looks checks what a workspace has for itself: picture, colour, and the app.
func (h *house) looks(page *browser.Page) {
	h.t.Helper()
	judge.Axe(h.t, page)
	for _, scheme := range []browser.Option{browser.Light(), browser.Dark()} {
		other := h.browser(scheme)
		other.Open("/signin")
		judge.Page(h.t, other, "a company's sign-in")
	}
	var width int
	page.Evaluate(`document.querySelector(".brand-logo").naturalWidth`, &width)
	var accent, name string
	page.Evaluate(`getComputedStyle(document.documentElement).getPropertyValue("--accent").trim()`, &accent)
	page.Evaluate(`fetch("/authenticator/manifest.webmanifest").then(r => r.json()).then(m => m.name)`, &name)
	if width != 96 || accent != "#7a0c3e" || name != "Countersign – Globex GmbH" {
		h.t.Errorf("the picture is %d wide, the colour %q, and the app is called %q", width, accent, name)
	}
}

func quoted(text string) string { return `"` + text + `"` }

// A name that nobody has is answered with a page that names nobody, and leads nowhere.
func TestANameThatNobodyHas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.globex()
	u, err := url.Parse(h.URL)
	must(t, err)
	page := browser.New(t, "http://nobody.localhost:"+u.Port())
	page.Open("/signin")
	page.See("There is nothing at this address", "Nobody signs in at this address.")
	judge.Page(t, page, "nobody's address")
	page.NotSee("Acme", "Globex", h.URL[len("http://"):])
	if page.Status() != 404 || page.Has("Go to the start page") || page.Has("Help") {
		t.Errorf("it is answered %d, and leads on", page.Status())
	}
}

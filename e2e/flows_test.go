package e2e_test

import (
	"encoding/base32"
	"net/url"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"

	"countersign/e2e/browser"
	"countersign/e2e/mailbox"
	"countersign/e2e/site"
)

// accountSettings goes where the documents begin: the menu in the upper right
// corner, its entry for the account, and the switch on the page.
func accountSettings(page *browser.Page) {
	page.Click("Your account")
	page.Click("Account settings")
	page.In("#two-factor").Click("Turn On")
}

// proveByMail gives the code that is mailed before the first second factor.
func (p *person) proveByMail(page *browser.Page) {
	p.h.t.Helper()
	page.Click("Send the code")
	page.Type("6-digit code from the mail", p.mailedCode())
	page.Click("Confirm")
}

// mailedCode is the code in the newest mail that has one.
func (p *person) mailedCode() string {
	p.h.t.Helper()
	return strings.Join(strings.Fields(find(p.h, `\b\d{3}\s?\d{3}\b`, p.h.mail(p.Email, "Your code for").Text)), "")
}

// openSetUp goes from any page to the one with the QR code.
func (p *person) openSetUp(page *browser.Page) {
	p.h.t.Helper()
	accountSettings(page)
	p.proveByMail(page)
	page.See("Choose your second step")
	page.Click("Next")
	page.See("Scan this")
}

// scan is an app that scans the QR code on the page: the same picture as a
// scanner sees must carry the address that the page's link has.
func (h *house) scan(page *browser.Page) *site.App {
	h.t.Helper()
	address := page.Attr(`a[href^="otpauth:"]`, "href")
	want, err := qr.Encode(address, qr.M)
	must(h.t, err)
	if got := modules(h, page.Attr("svg.qr path:last-child", "d")); got != picture(want) {
		h.t.Errorf("the QR code is not that of %s:\n%s", address, got)
	}
	parsed, err := url.Parse(address)
	must(h.t, err)
	return h.typeKey(parsed.Query().Get("secret"))
}

// typeKey is an app into which a setup key was typed, with spaces or without.
func (h *house) typeKey(key string) *site.App {
	h.t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.Join(strings.Fields(key), ""))
	must(h.t, err)
	return h.NewApp(secret)
}

// modules draws the path of a QR code as lines of text, without its border.
func modules(h *house, path string) string {
	h.t.Helper()
	const border = 4
	dark, size := map[[2]int]bool{}, 0
	for _, bar := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)`).FindAllStringSubmatch(path, -1) {
		x, y, n := number(h, bar[1])-border, number(h, bar[2])-border, number(h, bar[3])
		for i := range n {
			dark[[2]int{x + i, y}] = true
		}
		size = max(size, x+n)
	}
	return draw(size, func(x, y int) bool { return dark[[2]int{x, y}] })
}

func picture(code *qr.Code) string { return draw(code.Size, code.Black) }

func draw(size int, black func(x, y int) bool) string {
	var b strings.Builder
	for y := range size {
		for x := range size {
			b.WriteByte(map[bool]byte{true: '#', false: ' '}[black(x, y)])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func number(h *house, digits string) int {
	h.t.Helper()
	n, err := strconv.Atoi(digits)
	must(h.t, err)
	return n
}

// oathtool is the code that another program shows for the app's key at a time.
func (h *house) oathtool(a *site.App, at time.Time) string {
	h.t.Helper()
	key := base32.StdEncoding.EncodeToString(a.Secret)
	//nolint:gosec // the program is fixed, and the key is the test's own
	out, err := exec.CommandContext(h.t.Context(), "oathtool", "--totp", "--base32", "--now", at.UTC().Format("2006-01-02 15:04:05 UTC"), key).Output()
	must(h.t, err)
	return strings.TrimSpace(string(out))
}

// confirm gives a code of the new app on the page with the QR code.
func (p *person) confirm(page *browser.Page, a *site.App, device string) {
	p.h.t.Helper()
	page.Type("Name of this device", device)
	page.Type("6-digit code", a.Code())
	page.Click("Turn on")
}

// turnOn sets two-factor authentication up, from any page to the end, with the
// codes on the screen.
func (p *person) turnOn(page *browser.Page, device string) {
	p.h.t.Helper()
	p.openSetUp(page)
	a := p.h.scan(page)
	p.confirm(page, a, device)
	p.App = a
	p.Codes = p.saveCodes(page)
	page.See("Two-factor authentication is on")
}

// saveCodes reads the codes on the page and says that they are saved.
func (p *person) saveCodes(page *browser.Page) []string {
	p.h.t.Helper()
	codes := strings.Fields(page.Text("#codes"))
	switch {
	case len(codes) == 1 && strings.Contains(page.Text("main"), "The recovery code has been saved"):
		page.Check("The recovery code has been saved")
	case len(codes) == 1:
		page.Check("The backup code has been saved")
	default:
		page.Check("The recovery codes have been saved")
	}
	page.Click("Done")
	return codes
}

// useCode goes from the page of the second step to the one for a recovery code,
// by the link with this name, and gives one there.
func useCode(page *browser.Page, link, label, code, button string) {
	page.Click(link)
	page.Type(label, code)
	page.Click(button)
}

// find is the first match in a text; there has to be one.
func find(h *house, pattern, text string) string {
	h.t.Helper()
	found := regexp.MustCompile(pattern).FindString(text)
	if found == "" {
		h.t.Fatalf("nothing like %s in:\n%s", pattern, text)
	}
	return found
}

// mailedCodes are the ten codes of a mail.
func (h *house) mailedCodes(message mailbox.Message) []string {
	h.t.Helper()
	codes := regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}\b`).FindAllString(message.Text, -1)
	if len(codes) != 10 {
		h.t.Fatalf("the mail has %d codes, want 10:\n%s", len(codes), message.Text)
	}
	return codes
}

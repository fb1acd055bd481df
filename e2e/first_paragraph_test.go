package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/site"
	"countersign/internal/method/totp"
	"countersign/internal/store/storetest"
)

// TestFirstParagraph is what somebody does who has just cloned the project.
func TestFirstParagraph(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		postgres bool
		options  []browser.Option
	}{
		{"SQLite, with scripts", false, nil},
		{"SQLite, with script execution disabled", false, []browser.Option{browser.NoScript()}},
		{"PostgreSQL, on a phone", true, []browser.Option{browser.Phone()}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var env []string
			if row.postgres {
				env = append(env, "COUNTERSIGN_DATABASE_URL="+storetest.Postgres(t))
			}
			folder := filepath.Join(t.TempDir(), "countersign-data")
			h, address := untouched(t, folder, env...)
			ada, page := h.firstOwner(address, row.options...)
			h.losesThePhone(ada, page)
			if !row.postgres {
				h.movesToPostgres(ada, folder, row.options...)
				page = h.browser(row.options...)
				ada.signIn(page)
			}
			h.turnsOff(ada, page)
		})
	}
}

// firstOwner goes from the printed address to an owner who has signed in with
// password and code. The server is restarted wherever something waits.
func (h *house) firstOwner(address string, options ...browser.Option) (*person, *browser.Page) {
	h.t.Helper()
	ada := &person{&site.Person{Name: "Ada Lovelace", Email: "ada@acme.example", Password: site.GoodPassword}, h}
	page := h.browser(options...)
	page.Open(strings.TrimPrefix(address, h.URL))
	page.See("Create the first account")
	page.Type("Name of your company or team", "Acme")
	page.Type("Your name", ada.Name)
	page.Type("E-mail address", ada.Email)
	page.Type("Password", ada.Password)
	page.Click("Create account")
	page.See("Choose your second step")
	page.Click("Next")
	ada.App = h.scan(page)

	h.restart()
	page.Reload()
	if again := h.scan(page); string(again.Secret) != string(ada.Secret) {
		h.t.Error("the restart made another QR code")
	}
	ada.confirm(page, ada.App, "Pixel 9")
	page.See("Save your recovery codes", "Important!")

	h.Nodes[0].Kill9()
	h.Nodes[0].Restart()
	h.WaitReady(0)
	page.Reload()
	if file := page.Download("Download"); strings.Count(string(file.Content), "[ ]") != 10 {
		h.t.Errorf("the file has not ten codes:\n%s", file.Content)
	}
	ada.Codes = ada.saveCodes(page)
	page.See("Two-factor authentication is on", "Pixel 9")
	page.Click("Continue")
	page.See("It is on.", "10 of 10 left", "Authenticator app on Pixel 9")
	signOut(page)

	// The set-up address is dead once an owner exists.
	page.Open(strings.TrimPrefix(address, h.URL))
	page.See("This link does not work any more")
	ada.first(page)
	h.restart() // between password and code
	ada.second(page)
	page.See("It is on.")
	signOut(page)
	h.messages("ada@acme.example", "two_factor_on")
	return ada, page
}

func signOut(page *browser.Page) {
	page.Click("Your account")
	page.Click("Sign out")
	page.See("You are signed out.")
}

// restart stops the server in good order and starts it again.
func (h *house) restart() {
	h.t.Helper()
	if code := h.Nodes[0].Stop(); code != 0 {
		h.t.Errorf("the server ended with %d", code)
	}
	h.Nodes[0].Restart()
	h.WaitReady(0)
}

// messages wants a mail of each of these kinds at /dev/messages: with nothing
// configured there is no other way to read them.
func (h *house) messages(to string, kinds ...string) {
	h.t.Helper()
	kept, body := map[string]bool{}, ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		page := h.client().data("/dev/messages")
		var list struct {
			Data []struct{ ID, Kind, To, Subject, Text, HTML string }
		}
		err := json.Unmarshal([]byte(page.Body), &list)
		if page.Status != http.StatusOK || err != nil {
			h.t.Fatalf("/dev/messages was answered %d, %v:\n%s", page.Status, err, page.Body)
		}
		for _, m := range list.Data {
			if m.To == to && m.Subject != "" && m.Text != "" && m.HTML != "" && m.ID != "" {
				kept[m.Kind] = true
			}
		}
		body = page.Body
		if !slices.ContainsFunc(kinds, func(kind string) bool { return !kept[kind] }) {
			return
		}
	}
	h.t.Errorf("not all of %q were mailed to %s:\n%s", kinds, to, body)
}

func (h *house) losesThePhone(ada *person, page *browser.Page) {
	h.t.Helper()
	ada.first(page)
	useCode(page, "Can’t access two-factor device?", "Recovery code", ada.Codes[0], "Sign in")
	page.See("You signed in with a recovery code.", "9 of 10 left")
	signOut(page)
	h.restart()
	ada.first(page)
	useCode(page, "Don’t know the code", "Recovery code", ada.Codes[0], "Sign in")
	page.See("That recovery code was used already. Each works once")
	page.Type("Recovery code", ada.Codes[1])
	page.Click("Sign in")
	page.See("8 of 10 left")
	h.messages(ada.Email, "recovery_used")
}

// movesToPostgres copies what is in SQLite by the administrator's command and
// goes on with a server on PostgreSQL. The password, the app and the codes stay.
func (h *house) movesToPostgres(ada *person, folder string, options ...browser.Option) {
	h.t.Helper()
	h.Nodes[0].Stop()
	to := storetest.Postgres(h.t)
	address := filepath.Join(h.t.TempDir(), "address") // it has a password, which others would read on the command line
	must(h.t, os.WriteFile(address, []byte(to), 0o600))
	program(h.t, "admin", "copy", "--to-file", address, "--data", folder)
	moved, printed := site.Untouched(h.t, h.Clock, folder, "COUNTERSIGN_DATABASE_URL="+to)
	if strings.Contains(printed, "/setup/") {
		h.t.Errorf("the copy wants to be set up: %s", printed)
	}
	h.Site = moved
	h.Clock.Advance(totp.Period)
	page := h.browser(options...)
	ada.first(page)
	useCode(page, "Can’t access two-factor device?", "Recovery code", ada.Codes[1], "Sign in")
	page.See("That recovery code was used already")
	page.Type("Recovery code", ada.Codes[2])
	page.Click("Sign in")
	page.See("It is on.", "7 of 10 left", "Authenticator app on Pixel 9")
}

// turnsOff turns two-factor authentication off again: the password is then enough.
func (h *house) turnsOff(ada *person, page *browser.Page) {
	h.t.Helper()
	page.In("#off").Click("Turn off")
	page.See("Turn off two-factor authentication?")
	page.Click("Turn off")
	page.See("Two-factor authentication is off.", "It is off.")
	h.messages(ada.Email, "two_factor_off")
	signOut(page)
	h.restart()
	ada.first(page)
	page.See("It is off.")
}

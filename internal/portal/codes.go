package portal

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/enrol"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// codes shows the recovery codes that wait to be saved. When their time is over,
// or the last one was used, it leads to making new ones.
func (p *Portal) codes(w http.ResponseWriter, r *http.Request, c session.Current) error {
	if c.Account.Settings.RecoveryDelivery == policy.ByEmail && r.URL.Query().Get("mailed") == "yes" {
		return p.renderCodes(w, r, c, enrol.Codes{}, nil, http.StatusOK)
	}
	return p.showCodes(w, r, c, web.NewForm(), http.StatusOK)
}

func (p *Portal) showCodes(w http.ResponseWriter, r *http.Request, c session.Current, form *web.Form, status int) error {
	waiting, err := p.Enrol.WaitingCodes(r.Context(), c.Holder(web.Place(r)))
	if countersign.KindOf(err) == countersign.NotFound || (err == nil && waiting.Expired) {
		return see(w, r, "/account/recovery")
	}
	if err != nil {
		return err
	}
	return p.renderCodes(w, r, c, waiting, form, status)
}

func (p *Portal) renderCodes(w http.ResponseWriter, r *http.Request, c session.Current, waiting enrol.Codes, form *web.Form, status int) error {
	settings := c.Account.Settings
	return p.pages.Render(w, r, status, "enrol/codes", CodesView{
		Page: p.frame(r, c, "security", form), Codes: waiting.Codes, Created: waiting.MadeAt,
		Workspace: c.Account.Workspace.Name, Address: web.HomeOf(r.Context()).URL, Email: c.Account.User.Email,
		File: fileName(c), Download: "/account/two-factor/codes.txt", Wizard: settingUp(c) || len(waiting.Codes) == 0,
		Resets: settings.RecoveryEffect == policy.EffectReset, AdminReset: settings.AdminReset,
	})
}

// settingUp tells whether saving the codes is the end of the set-up. Whoever came by the
// last code only puts new ones in the place of what was spent: nothing is turned on.
func settingUp(c session.Current) bool {
	return c.Reason == policy.ReasonCodes && c.Second != policy.Recovery
}

// fileName can be found again by searching the disk for the program's name.
func fileName(c session.Current) string {
	local, _, _ := strings.Cut(c.Account.User.Email, "@")
	kind := "recovery"
	if c.Account.Settings.Backup() {
		kind = "backup"
	}
	return fmt.Sprintf("countersign-%s-codes-%s-%s.txt", kind, plain(c.Account.Workspace.Name), plain(local))
}

// plain keeps what every file system takes.
func plain(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s), "-")
}

func (p *Portal) saveCodes(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	h := c.Holder(web.Place(r))
	waiting, err := p.Enrol.WaitingCodes(r.Context(), h)
	if countersign.KindOf(err) == countersign.NotFound {
		// By e-mail there is nothing to save: Done just goes on.
		return see(w, r, cmp.Or(c.ReturnTo, p.afterwards(r, "codes")))
	}
	if err != nil {
		return err
	}
	err = p.Enrol.SaveCodes(r.Context(), h, waiting.ID, form.Value("saved") == "yes")
	if countersign.KindOf(err) == countersign.Gone {
		return see(w, r, "/account/recovery")
	}
	if err != nil {
		if countersign.KindOf(err) != countersign.Invalid || !form.Take(err, "saved") {
			return err
		}
		return p.showCodes(w, r, c, form, form.Status())
	}
	switch {
	case settingUp(c):
		return see(w, r, "/account/two-factor/finished")
	case c.Reason == policy.ReasonCodes:
		return see(w, r, cmp.Or(c.ReturnTo, p.afterwards(r, "codes")))
	}
	return see(w, r, p.afterwards(r, "codes"))
}

// downloadCodes gives the sheet as a text file with the same words.
func (p *Portal) downloadCodes(w http.ResponseWriter, r *http.Request, c session.Current) error {
	waiting, err := p.Enrol.WaitingCodes(r.Context(), c.Holder(web.Place(r)))
	if countersign.KindOf(err) == countersign.NotFound || (err == nil && waiting.Expired) {
		return see(w, r, "/account/recovery")
	}
	if err != nil {
		return err
	}
	say := web.Speaker(r.Context())
	text := say.Say("enrol.file_head", "Email", c.Account.User.Email, "Workspace", c.Account.Workspace.Name,
		"Address", web.HomeOf(r.Context()).URL, "Date", say.Date(waiting.MadeAt, web.Zone(r.Context()))) + "\n\n"
	for _, code := range waiting.Codes {
		text += "[ ] " + code + "\n"
	}
	text += "\n" + say.Say("enrol.file_foot") + "\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(c)+`"`)
	_, err = w.Write([]byte(text))
	return err
}

func (p *Portal) renew(w http.ResponseWriter, r *http.Request, c session.Current) error {
	err := c.Holder(web.Place(r)).NeedFresh(account.ActCodes)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "enrol/renew", RenewView{
		Page: p.frame(r, c, "security", nil), ByMail: c.Account.Settings.RecoveryDelivery == policy.ByEmail, Email: c.Account.User.Email,
		Leave: mayLeave(c), None: c.CodesLeft == 0,
	})
}

func (p *Portal) makeCodes(w http.ResponseWriter, r *http.Request, c session.Current) error {
	mailed, err := p.Enrol.NewCodes(r.Context(), c.Holder(web.Place(r)))
	if countersign.CodeOf(err) == "no_second_factor" {
		return see(w, r, "/account/two-factor")
	}
	if err != nil {
		return err
	}
	if mailed {
		return see(w, r, "/account/two-factor/codes?mailed=yes")
	}
	return see(w, r, "/account/two-factor/codes")
}

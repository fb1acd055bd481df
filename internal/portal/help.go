package portal

import (
	"cmp"
	"net/http"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/web"
)

// help is made from the settings, so that it never promises what they do not
// keep. It needs no session and depends on nobody's account.
func (p *Portal) help(w http.ResponseWriter, r *http.Request) error {
	row, err := p.Accounts.Workspace(r.Context(), web.WorkspaceOf(r.Context()))
	if err != nil {
		return err
	}
	s, err := p.Accounts.SettingsAt(r.Context(), web.WorkspaceOf(r.Context()), countersign.DefaultPool, row.SettingsVersion)
	if err != nil {
		return err
	}
	reset, err := p.Accounts.AdminReset(r.Context(), web.WorkspaceOf(r.Context()), row.SettingsVersion)
	if err != nil {
		return err
	}
	required := s.Required("", p.Now()) != policy.NotRequired
	return p.pages.Render(w, r, http.StatusOK, "help", HelpView{
		Page: web.Page{}, Workspace: row.Name, Address: web.HomeOf(r.Context()).URL, Required: required, Recovers: s.Recovers(),
		Resets: s.RecoveryEffect == policy.EffectReset, AdminReset: cmp.Or(reset, "differs"), TurnOff: !required, Passkeys: s.Passkeys(), Pushes: s.Pushes(), Texts: p.texts(s), TrustedDays: s.TrustedDays, Apps: Apps(),
	})
}

package portal

import (
	"net/http"
	"slices"

	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/signin"
)

// ways lists what the sign-in can be finished with. A phone that cannot be asked now is
// none of them; why, stands below.
func (p *Portal) ways(w http.ResponseWriter, r *http.Request, at signin.Attempt) error {
	if at.Step != policy.StepSecond {
		return p.elsewhere(w, r, at)
	}
	chosen := at.Choose()
	view := WaysView{
		Attempt: string(at.ID), Workspace: at.Account.Workspace.Name,
		PhoneMissing: at.Account.Settings.Pushes() && len(at.Devices) == 0,
	}
	for _, c := range at.Elsewhere {
		view.Elsewhere = append(view.Elsewhere, c.Name)
		view.PhoneMissing = view.PhoneMissing && c.Kind != policy.Push
	}
	for _, kind := range chosen.Offered {
		way := wayOf(at, kind)
		if kind == chosen.First {
			way.Why = string(chosen.Why)
		}
		view.Ways = append(view.Ways, way)
	}
	helped, err := p.helped(r, at)
	if err != nil {
		return err
	}
	if helped {
		view.Ways = append(view.Ways, Way{Kind: string(method.HelpCode), Href: base(at) + "/recovery"})
	}
	if at.MayAskPhone() && !slices.Contains(chosen.Offered, policy.Push) {
		view.Troubled = troubled(at)
	}
	view.TextsOff = numberName(at) != "" && !at.Texts()
	return p.pages.Render(w, r, http.StatusOK, "signin/ways", view)
}

// wayOf is one way with the names of its devices, and when it was used last.
func wayOf(at signin.Attempt, kind string) Way {
	way := Way{Kind: kind, Href: base(at) + "/" + pageOf(kind)}
	switch method.Kind(kind) {
	case method.Passkey:
		way.Devices = passkeyNames(at)
	case method.Push:
		way.Devices = asked(at)
	case method.TOTP:
		way.Devices = append(apps(at), phonesWithCodes(at)...)
	case method.SMS:
		way.Devices = []string{numberName(at)}
	}
	for _, c := range at.Credentials {
		if c.Kind == kind && moment(c.UsedAt).After(way.Used) {
			way.Used = moment(c.UsedAt)
		}
	}
	return way
}

// others are the ways that work, most secure first, without some.
func others(at signin.Attempt, without ...string) []Other {
	var all []Other
	for _, kind := range at.Choose().Offered {
		if !slices.Contains(without, kind) {
			all = append(all, Other{Kind: kind, Href: base(at) + "/" + pageOf(kind)})
		}
	}
	return all
}

// troubled are the phones that are not asked, and why.
func troubled(at signin.Attempt) []TroubledDevice {
	var out []TroubledDevice
	for _, d := range at.Devices {
		if trouble := approve.Unheard(d, at.Account.Settings); trouble != "" {
			out = append(out, TroubledDevice{Name: d.Name, Trouble: trouble})
		}
	}
	return out
}

// asked are the phones that can be asked now.
func asked(at signin.Attempt) []string {
	var names []string
	for _, d := range at.Devices {
		if approve.Unheard(d, at.Account.Settings) == "" {
			names = append(names, d.Name)
		}
	}
	return names
}

package portal

import (
	"net/http"

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
	view := WaysView{Attempt: string(at.ID), PhoneMissing: at.Account.Settings.Pushes() && len(at.Devices) == 0}
	if hasPasskeys(at) {
		view.Ways = append(view.Ways, passkeyWay(at))
	}
	if offersPhone(at) {
		view.Ways = append(view.Ways, phoneWay(at))
	} else if mayAskPhone(at) {
		view.Troubled = troubled(at)
	}
	if hasCodes(at) {
		view.Ways = append(view.Ways, appWay(at))
	}
	if recovers(at) {
		view.Ways = append(view.Ways, Way{Kind: string(method.Recovery), Href: base(at) + "/recovery"})
	}
	return p.pages.Render(w, r, http.StatusOK, "signin/ways", view)
}

// offersPhone tells whether one of the phones can be asked now.
func offersPhone(at signin.Attempt) bool {
	return mayAskPhone(at) && len(troubled(at)) < len(at.Devices)
}

// troubled are the phones that are not asked, and why.
func troubled(at signin.Attempt) []TroubledDevice {
	var out []TroubledDevice
	for _, d := range at.Devices {
		if trouble := troubleOf(d, at.Account.Settings); trouble != "" {
			out = append(out, TroubledDevice{Name: d.Name, Trouble: trouble})
		}
	}
	return out
}

func phoneWay(at signin.Attempt) Way {
	way := Way{Kind: policy.Push, Href: base(at) + "/phone"}
	for _, d := range at.Devices {
		if troubleOf(d, at.Account.Settings) == "" {
			way.Devices = append(way.Devices, d.Name)
		}
	}
	return used(way, at)
}

func appWay(at signin.Attempt) Way {
	return used(Way{Kind: string(method.TOTP), Devices: append(apps(at), phonesWithCodes(at)...), Href: base(at) + "/code"}, at)
}

// used says when a way was used last.
func used(way Way, at signin.Attempt) Way {
	for _, c := range at.Credentials {
		if c.Kind == way.Kind && moment(c.UsedAt).After(way.Used) {
			way.Used = moment(c.UsedAt)
		}
	}
	return way
}

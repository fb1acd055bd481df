package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/enrol"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// movePage is where somebody with a new phone finds what is to be done.
const movePage = "/account/new-phone"

// moving is what this browser keeps of a move to another phone: when it began, whether
// the old phone is lost, and whether one was paired. What was done since is read from the
// account.
type moving struct {
	lost, paired bool
	since        time.Time
}

func (m moving) String() string {
	parts := []string{"new", strconv.FormatInt(m.since.UnixMilli(), 10)}
	if m.lost {
		parts[0] = "lost"
	}
	if m.paired {
		parts = append(parts, "paired")
	}
	return strings.Join(parts, "-")
}

// movingOf reads the cookie. One from elsewhere can show a list, and does nothing.
func (p *Portal) movingOf(r *http.Request) (moving, bool) {
	kept := p.Sessions.Cookies.Move(r)
	parts := append(strings.Split(kept, "-"), "")
	at, err := strconv.ParseInt(parts[1], 10, 64)
	m := moving{lost: parts[0] == "lost", paired: strings.HasSuffix(kept, "-paired"), since: time.UnixMilli(at)}
	if err != nil || m.String() != kept || m.since.After(p.Now()) || p.Now().Sub(m.since) > session.MoveLife {
		return moving{}, false
	}
	return m, true
}

func (p *Portal) newPhone(w http.ResponseWriter, r *http.Request, c session.Current) error {
	view := MoveView{Page: p.frame(r, c, "security", nil), Workspace: c.Account.Workspace.Name}
	m, begun := p.movingOf(r)
	if !begun {
		return p.pages.Render(w, r, http.StatusOK, "account/move", view)
	}
	view.Begun, view.Lost = true, m.lost
	var err error
	view.Steps, err = p.moveSteps(r, c, m)
	if err != nil {
		return err
	}
	return p.pages.Render(w, r, http.StatusOK, "account/move", view)
}

func (p *Portal) moveSteps(r *http.Request, c session.Current, m moving) ([]MoveStep, error) {
	h := c.Holder(web.Place(r))
	credentials, err := p.Enrol.List(r.Context(), h)
	if err != nil {
		return nil, err
	}
	devices, err := p.Devices.List(r.Context(), h)
	if err != nil {
		return nil, err
	}
	steps := m.of(c, credentials, devices, p.Enrol.Passkeys(h, credentials)).Steps()
	views := make([]MoveStep, len(steps))
	next := true
	for i, s := range steps {
		views[i] = MoveStep{Do: s.Do, ID: s.Of.ID, Kind: s.Of.Kind, Name: s.Of.Name, Done: s.Done, Next: next && !s.Done}
		next = next && s.Done
	}
	return views, nil
}

// of gathers what the steps follow from.
func (m moving) of(c session.Current, credentials []rows.Credential, devices []rows.Device, passkeys enrol.Held) policy.Move {
	s := c.Account.Settings
	move := policy.Move{Lost: m.lost, Since: m.since.UnixMilli(), Recovers: s.Recovers(), Pairs: s.Pushes(), Paired: m.paired}
	for _, one := range credentials {
		if one.Kind == string(method.Recovery) {
			codes := recoveryState(one, s.RecoveryCodes)
			move.CodesMade, move.CodesFew = one.ConfirmedAt, codes.Few()
			continue
		}
		move.Held = append(move.Held, policy.Held{
			ID: string(one.ID), Kind: one.Kind, Name: one.Name, Added: one.ConfirmedAt,
			Terminal: account.MethodOf(one, devices) == account.KindTerminal, Synced: passkeys.Keys[one.ID].Eligible,
		})
	}
	return move
}

// move begins or ends it.
func (p *Portal) move(w http.ResponseWriter, r *http.Request, c session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	said := form.Value("phone")
	if said == "done" {
		p.Sessions.Cookies.DropMove(w)
		return see(w, r, "/account/security")
	}
	if said != "lost" && said != "new" {
		return see(w, r, movePage)
	}
	devices, err := p.Devices.List(r.Context(), c.Holder(web.Place(r)))
	if err != nil {
		return err
	}
	paired := slices.ContainsFunc(devices, func(d rows.Device) bool { return d.Kind == approve.KindApp })
	p.Sessions.Cookies.SetMove(w, moving{lost: said == "lost", paired: paired, since: p.Now()}.String())
	return see(w, r, movePage)
}

// goesOn is where a method that was set up leads. Whoever had to set up the first one before
// anything else goes on to where they were heading.
func (p *Portal) goesOn(r *http.Request, c session.Current, first bool, done string) string {
	if first && c.Required != policy.NotRequired && c.ReturnTo != "" {
		return c.ReturnTo
	}
	return p.afterwards(r, done)
}

// afterwards is where a change of the account's methods leads: to the next thing to do
// for whoever moves to a new phone.
func (p *Portal) afterwards(r *http.Request, done string) string {
	if _, moves := p.movingOf(r); moves {
		return movePage + "?done=" + done
	}
	if done == "paired" {
		return "/account/devices?done=paired"
	}
	return "/account/security?done=" + done
}

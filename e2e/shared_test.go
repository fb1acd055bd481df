package e2e_test

import (
	"context"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/fcm"
	"countersign/e2e/phone"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/store"
	"countersign/internal/terminal"
)

// sharedPhone is the one phone that the scenarios share: a Chromium of its own takes a
// while to start. It is paired with one account by the first of them that needs it.
type sharedPhone struct {
	t       *testing.T // of all of them
	service *fcm.Service
	phone   *phone.Phone
	by      *testing.T // the scenario that has it
	owner   *site.Person
}

// own is the shared phone, in the hands of this scenario.
func (h *phoneHouse) own() *phone.Phone {
	h.t.Helper()
	if h.shared.phone == nil {
		h.shared.phone = phone.New(h.shared.t, h.service, h.URL)
	}
	if h.shared.by != h.t {
		h.shared.by = h.t
		h.shared.phone.Lend(h.t)
	}
	return h.shared.phone
}

// paired is a person with a password, an authenticator app, saved codes, and the shared
// phone as the default, and that phone. Nothing that was asked of it before counts.
func (h *phoneHouse) paired() (*person, *phone.Phone) {
	h.t.Helper()
	p := h.own()
	if h.shared.owner == nil {
		owner := &person{h.Person(h.t, "Ada Lovelace", "ada.of.the.phone@acme.example", countersign.Member), h.house}
		owner.withApp("Tablet").withCodes(10)
		h.join(p, h.session(owner))
		p.CloseAll()
		h.shared.owner = owner.Person
	}
	h.Clock.Advance(20 * time.Minute)
	return &person{h.shared.owner, h.house}, p
}

// lockReturns has the app learn, after a scenario that takes the biometrics from the
// shared phone, that they are back. It is called before the phone is taken: what is
// cleaned up last was asked for first.
func (h *phoneHouse) lockReturns() {
	h.t.Cleanup(func() {
		if h.shared.owner != nil {
			h.shared.phone.Open("/authenticator/").See("Ready")
			h.shared.phone.CloseAll()
		}
	})
}

// begun is a pairing that a person has begun on the page, and the app that opened its
// code on the shared phone.
type begun struct {
	ada       *person
	page, app *browser.Page
}

func (h *phoneHouse) begin() begun {
	h.t.Helper()
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	return begun{ada, page, h.own().Open(h.reveal(page))}
}

// forgetQuestions ends what other scenarios asked on phones and left, and forgets how
// often that was: all of them come from one network.
func (h *house) forgetQuestions() {
	h.t.Helper()
	h.Write(h.t, func(tx *store.Tx) error {
		_, err := tx.CancelAllRequests(tx.Ctx, tx.NowMilli())
		if err != nil {
			return err
		}
		_, err = tx.ClearGuessesOfCounter(tx.Ctx, countersign.DefaultWorkspace, "net:"+account.Network("127.0.0.1"), "phone")
		return err
	})
}

// goPhone is a phone that is a program: for scenarios that are not about the screens of
// the app.
type goPhone struct {
	*terminal.Device
	h *house
}

// pixel is what it says of itself.
func pixel() terminal.About {
	return terminal.About{Kind: "app", Name: "Pixel 9", Platform: "Android", Client: "Chrome"}
}

// withPhone pairs a phone with the person's account, and returns it.
func (p *person) withPhone() *goPhone {
	p.h.t.Helper()
	return p.withVersion("17.0.0")
}

// withVersion pairs a phone whose app has a version.
func (p *person) withVersion(version string) *goPhone {
	p.h.t.Helper()
	o := p.h.Devices()
	o.Version = version
	return p.paired(o)
}

// paired pairs a phone with the person's account, and returns it.
func (p *person) paired(o terminal.Options) *goPhone {
	p.h.t.Helper()
	c := p.h.client()
	c.signIn(p)
	d, err := c.Pair(p.h.t.Context(), pixel(), o)
	must(p.h.t, err)
	return &goPhone{d, p.h}
}

// answer gives an answer to the newest request, and returns what became of it.
func (d *goPhone) answer(what terminal.Decision, number string) string {
	d.h.t.Helper()
	ctx, cancel := context.WithTimeout(d.h.t.Context(), 20*time.Second)
	defer cancel()
	r, err := d.First(ctx)
	must(d.h.t, err)
	state, err := d.Decide(ctx, r, what, number)
	must(d.h.t, err)
	return state
}

// waiting is how many requests wait for an answer of this phone.
func (d *goPhone) waiting() int {
	d.h.t.Helper()
	w, err := d.Requests(d.h.t.Context(), "", 0)
	must(d.h.t, err)
	return len(w.Requests)
}

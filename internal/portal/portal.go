package portal

import (
	"net/http"
	"time"

	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/device"
	"countersign/internal/enrol"
	"countersign/internal/message"
	texting "countersign/internal/notify/text"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// Options are the parts that the pages ask. All are needed.
type Options struct {
	Site     *web.Site
	Accounts *account.Service
	SignIn   *signin.Service
	Enrol    *enrol.Service
	People   *people.Service
	// Approvals ask people's phones, Devices pairs them.
	Approvals *approve.Service
	Devices   *device.Service
	Sessions  *session.Service
	Outbox    *message.Outbox
	// Texts are those who send text messages on; nil where nobody does.
	Texts *texting.Providers
	Now   func() time.Time
	// Development allows /dev/messages, to requests that come from this machine.
	Development bool
}

// Portal is the face.
type Portal struct {
	Options
	pages *web.Renderer
}

// New reads the pages.
func New(o Options) (*Portal, error) {
	pages, err := newRenderer(o.Site)
	if err != nil {
		return nil, err
	}
	return &Portal{Options: o, pages: pages}, nil
}

// Mount adds the routes. What is not named open here needs a session of the
// level that stands beside it.
func (p *Portal) Mount(mux *http.ServeMux) {
	p.mountOpen(mux)
	enrolling, full := policy.LevelEnrol, policy.LevelFull
	for _, route := range []struct {
		pattern string
		least   policy.Level
		page    page
	}{
		{"GET /proof", enrolling, p.proof},
		{"POST /proof", enrolling, p.prove},
		{"GET /account/two-factor", enrolling, p.chooseMethod},
		{"POST /account/two-factor", enrolling, p.beginMethod},
		{"GET /account/two-factor/settings", enrolling, p.accountSettings},
		{"GET /account/two-factor/app", enrolling, p.app},
		{"POST /account/two-factor/app", enrolling, p.confirmApp},
		{"GET /account/passkeys/new", enrolling, p.newPasskey},
		{"POST /account/passkeys/new", enrolling, p.addPasskey},
		{"GET /account/texts/new", enrolling, p.newNumber},
		{"POST /account/texts/new", enrolling, p.beginNumber},
		{"GET /account/texts/confirm", enrolling, p.numberCode},
		{"POST /account/texts/confirm", enrolling, p.confirmNumber},
		{"GET /account/devices/new", enrolling, p.newDevice},
		{"POST /account/devices/new", enrolling, p.reveal},
		{"GET /account/devices/pairing", enrolling, p.pairing},
		{"POST /account/devices/pairing", enrolling, p.confirmPairing},
		{"GET /account/devices/pairing/events", enrolling, p.pairingEvents},
		{"POST /proof/phone", enrolling, p.askProofPhone},
		{"GET /proof/phone/events", enrolling, p.proofPhoneEvents},
		{"GET /account/two-factor/codes", enrolling, p.codes},
		{"POST /account/two-factor/codes", enrolling, p.saveCodes},
		{"GET /account/two-factor/codes.txt", enrolling, p.downloadCodes},
		{"GET /account/recovery", enrolling, p.renew},
		{"POST /account/recovery", enrolling, p.makeCodes},

		{"GET /account", full, p.toSecurity},
		{"GET /account/security", full, p.security},
		{"GET /account/devices", full, p.devices},
		{"GET " + movePage, full, p.newPhone},
		{"POST " + movePage, full, p.move},
		{"GET /account/two-factor/finished", full, p.finished},
		{"GET /account/two-factor/off", full, p.offPage},
		{"POST /account/two-factor/off", full, p.off},
		{"GET /account/two-factor/{id}/default", full, p.defaultPage},
		{"POST /account/two-factor/{id}/default", full, p.makeDefault},
		{"GET /account/two-factor/{id}/rename", full, p.renamePage},
		{"POST /account/two-factor/{id}/rename", full, p.rename},
		{"GET /account/two-factor/{id}/change", full, p.changePage},
		{"POST /account/two-factor/{id}/change", full, p.change},
		{"GET /account/two-factor/{id}/remove", full, p.removePage},
		{"POST /account/two-factor/{id}/remove", full, p.remove},
		{"GET /account/password", full, p.passwordPage},
		{"POST /account/password", full, p.changePassword},
		{"GET /account/email", full, p.emailPage},
		{"POST /account/email", full, p.changeEmail},
		{"POST /account/email/confirm", full, p.sendEmailCode},
		{"GET /account/profile", full, p.profile},
		{"POST /account/profile", full, p.saveProfile},
		{"GET /account/data", full, p.toProfile},
		{"POST /account/data", full, p.export},
		{"GET /account/activity", full, p.activity},
		{"GET /account/company", full, p.company},
		{"GET " + announcedPage, full, p.announced},
		{"POST " + announcedPage, full, p.setUpLater},
		{"GET /account/trust", full, p.trustPage},
		{"POST /account/trust", full, p.trust},
		{"POST /account/trust/later", full, p.trustLater},
		{"POST /account/browsers/{id}/untrust", full, p.untrust},
		{"POST /account/browsers/untrust-all", full, p.untrustAll},
		{"POST /account/sessions/{id}/end", full, p.endSession},
		{"POST /account/sessions/end-others", full, p.endOthers},
	} {
		mux.Handle(route.pattern, p.Site.Handle(p.signedIn(route.least, route.page)))
	}
}

// mountOpen adds what needs no session, or judges it by itself.
func (p *Portal) mountOpen(mux *http.ServeMux) {
	for pattern, handler := range map[string]web.Handler{
		"GET /{$}":                                 p.home,
		"GET /signin":                              p.identifier,
		"POST /signin":                             p.start,
		"POST /signin/passkey":                     p.startWithPasskey,
		"GET /signin/{attempt}/passkey":            p.attempt(p.passkeyStep),
		"POST /signin/{attempt}/passkey":           p.attempt(p.answerPasskey),
		"GET /signin/{attempt}":                    p.attempt(p.dispatch),
		"GET /signin/{attempt}/password":           p.attempt(p.passwordStep),
		"POST /signin/{attempt}/password":          p.attempt(p.answerPassword),
		"GET /signin/{attempt}/code":               p.attempt(p.codeStep),
		"POST /signin/{attempt}/code":              p.attempt(p.answerCode),
		"GET /signin/{attempt}/phone":              p.attempt(p.phoneStep),
		"POST /signin/{attempt}/phone":             p.attempt(p.answerPhone),
		"POST /signin/{attempt}/phone/ask":         p.attempt(p.askPhone),
		"GET /signin/{attempt}/phone/events":       p.attempt(p.phoneEvents),
		"GET /signin/{attempt}/text":               p.attempt(p.textStep),
		"POST /signin/{attempt}/text":              p.attempt(p.answerText),
		"POST /signin/{attempt}/text/send":         p.attempt(p.sendText),
		"GET /signin/{attempt}/text/events":        p.attempt(p.textEvents),
		"GET /signin/{attempt}/recovery":           p.attempt(p.recoveryStep),
		"POST /signin/{attempt}/recovery":          p.attempt(p.answerRecovery),
		"GET /signin/{attempt}/ways":               p.attempt(p.ways),
		"POST /signin/{attempt}/cancel":            p.cancel,
		"POST /signout":                            p.signOut,
		"GET /forgot":                              p.forgotPage,
		"POST /forgot":                             p.forgot,
		"GET /setup/{token}":                       p.link(account.LinkSetup, p.setupPage),
		"POST /setup/{token}":                      p.link(account.LinkSetup, p.setup),
		"GET /invitation/{token}":                  p.link(account.LinkInvitation, p.invitePage),
		"POST /invitation/{token}":                 p.link(account.LinkInvitation, p.accept),
		"GET /reset/{token}":                       p.link(account.LinkReset, p.resetPage),
		"POST /reset/{token}":                      p.link(account.LinkReset, p.reset),
		"GET /rescue/{token}":                      p.link(account.LinkRescue, p.resetPage),
		"POST /rescue/{token}":                     p.link(account.LinkRescue, p.rescue),
		"GET /email/{token}":                       p.link(account.LinkEmail, p.newEmailPage),
		"POST /email/{token}":                      p.link(account.LinkEmail, p.newEmail),
		"GET /turn-off/{token}":                    p.link(account.LinkTurnOff, p.turnOffPage),
		"POST /turn-off/{token}":                   p.link(account.LinkTurnOff, p.turnOff),
		"POST /texts/receipts/{provider}":          p.textReceipt,
		"POST /texts/receipts/{provider}/{secret}": p.textReceipt,
		"GET /help":                                p.help,
		"GET /dev/messages":                        p.devMessages,
	} {
		mux.Handle(pattern, p.Site.Handle(handler))
	}
}

package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// stage is what the stories are played on: the engine, its sessions, its clock.
type stage struct {
	*Parts
	sessions *session.Service
	clock    *storyClock
	begin    time.Time // the real time at which the telling began
	sealer   *audit.Sealer
}

// actor is one person of the demonstration with a browser.
type actor struct {
	*stage
	DemoAccount
	id      countersign.UserID
	lang    string
	zone    string
	browser *http.Cookie
	current *http.Cookie
	place   countersign.Place
	apps    int
}

// header is the answer of which only the cookies are of interest.
type header http.Header

func (h header) Header() http.Header       { return http.Header(h) }
func (header) Write(b []byte) (int, error) { return len(b), nil }
func (header) WriteHeader(int)             {}

// request is one that carries the actor's cookies.
func (a *actor) request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	if err != nil {
		return nil, err
	}
	for _, cookie := range []*http.Cookie{a.browser, a.current} {
		if cookie != nil {
			r.AddCookie(cookie)
		}
	}
	return r, nil
}

// keep takes the cookies of an answer.
func (a *actor) keep(h header) {
	for _, cookie := range (&http.Response{Header: http.Header(h)}).Cookies() {
		switch {
		case cookie.MaxAge < 0:
		case cookie.MaxAge > 0:
			a.browser = cookie
		default:
			a.current = cookie
		}
	}
}

// visitor is the actor's browser in a sign-in.
func (a *actor) visitor() signin.Visitor {
	v := signin.Visitor{Bind: seal.NewToken(), Place: a.place}
	if a.browser != nil {
		v.Browser = a.browser.Value
	}
	return v
}

// arrive uses a link and signs in by it.
func (a *actor) arrive(ctx context.Context, kind account.LinkKind, address, entry string, use func(rows.Link, people.Then) error) error {
	link, err := a.Accounts.FindLink(ctx, countersign.DefaultWorkspace, kind, path.Base(address))
	if err != nil {
		return err
	}
	v := a.visitor()
	var attempt countersign.AttemptID
	err = use(link, func(tx *store.Tx, user rows.User) error {
		a.id, a.Password = user.ID, true
		attempt, err = a.SignIn.StartFromLink(tx, user, entry, v)
		return err
	})
	if err != nil {
		return err
	}
	return a.finish(ctx, attempt, v)
}

// accept takes an invitation: the address is verified by it.
func (a *actor) accept(ctx context.Context) error {
	var address string
	err := a.Store.Write(ctx, func(tx *store.Tx) error {
		var err error
		address, err = a.Accounts.NewLink(tx, countersign.DefaultWorkspace, account.LinkInvitation, a.id, "")
		return err
	})
	if err != nil {
		return err
	}
	return a.arrive(ctx, account.LinkInvitation, address, policy.EntryInvitation, func(link rows.Link, then people.Then) error {
		return a.People.Accept(ctx, link, people.Accepted{
			Name: a.Name, Password: DemoPassword, Language: a.lang, Zone: a.zone, Place: a.place,
		}, then)
	})
}

// start begins a sign-in and passes the password. The visitor's cookie turns.
func (a *actor) start(ctx context.Context, v *signin.Visitor) (signin.Attempt, error) {
	id, err := a.SignIn.Start(ctx, countersign.DefaultWorkspace, a.Email, "", *v)
	if err != nil {
		return signin.Attempt{}, err
	}
	at, err := a.SignIn.Load(ctx, countersign.DefaultWorkspace, id, *v)
	if err != nil {
		return signin.Attempt{}, err
	}
	a.clock.pass(8 * time.Second)
	v.Bind, err = a.SignIn.Password(ctx, at, DemoPassword, *v)
	if err != nil {
		return signin.Attempt{}, err
	}
	return a.SignIn.Load(ctx, countersign.DefaultWorkspace, id, *v)
}

// signIn signs in, with the code of the app where one is asked.
func (a *actor) signIn(ctx context.Context) error {
	v := a.visitor()
	at, err := a.start(ctx, &v)
	if err != nil {
		return err
	}
	if at.Step != policy.StepSecond {
		return a.finish(ctx, at.ID, v)
	}
	a.clock.pass(12 * time.Second)
	return a.second(ctx, at, method.TOTP, a.Code(a.clock.Now()), v)
}

// recover signs in with a recovery code.
func (a *actor) recover(ctx context.Context) error {
	v := a.visitor()
	at, err := a.start(ctx, &v)
	if err != nil {
		return err
	}
	a.clock.pass(40 * time.Second)
	err = a.second(ctx, at, method.Recovery, a.Codes[0], v)
	a.Codes = a.Codes[1:]
	return err
}

// second answers the second step, which starts a session.
func (a *actor) second(ctx context.Context, at signin.Attempt, kind method.Kind, typed string, v signin.Visitor) error {
	return a.enter(ctx, func(redeem signin.Redeem) error {
		_, err := a.SignIn.Second(ctx, at, kind, typed, v, redeem)
		return err
	})
}

func (a *actor) finish(ctx context.Context, id countersign.AttemptID, v signin.Visitor) error {
	a.clock.pass(time.Second) // what was done before is listed before
	at, err := a.SignIn.Load(ctx, countersign.DefaultWorkspace, id, v)
	if err != nil {
		return err
	}
	return a.enter(ctx, func(redeem signin.Redeem) error {
		_, err := a.SignIn.Finish(ctx, at, v, redeem)
		return err
	})
}

// enter keeps the session that a finished sign-in starts.
func (a *actor) enter(ctx context.Context, finish func(signin.Redeem) error) error {
	r, err := a.request(ctx)
	if err != nil {
		return err
	}
	opening := a.sessions.Open(r, a.place)
	err = finish(opening.Redeem)
	if err != nil {
		return err
	}
	answer := header{}
	opening.Hand(answer)
	a.keep(answer)
	return nil
}

// holder is the actor's session as the rules see it.
func (a *actor) holder(ctx context.Context) (account.Holder, error) {
	r, err := a.request(ctx)
	if err != nil {
		return account.Holder{}, err
	}
	current, err := a.sessions.Load(r, countersign.DefaultWorkspace)
	if err != nil {
		return account.Holder{}, err
	}
	return current.Holder(a.place), nil
}

// raised keeps the token of a session that was stepped up.
func (a *actor) raised(token string) {
	answer := header{}
	a.sessions.Cookies.SetSession(answer, token)
	a.keep(answer)
}

// addApp sets an authenticator app up, in place of replaces where that is set.
func (a *actor) addApp(ctx context.Context, name string, replaces countersign.CredentialID) error {
	h, err := a.holder(ctx)
	if err != nil {
		return err
	}
	err = a.Enrol.BeginApp(ctx, h, replaces)
	if err != nil {
		return err
	}
	pending, err := a.Enrol.PendingApp(ctx, h)
	if err != nil {
		return err
	}
	a.clock.pass(50 * time.Second)
	done, err := a.Enrol.ConfirmApp(ctx, h, pending.ID, name, totp.Code(pending.Secret, totp.Step(a.clock.Now())))
	if err != nil {
		return err
	}
	a.raised(done.Token)
	a.secret, a.Key = pending.Secret, pending.Key
	a.apps++
	return nil
}

// saveCodes looks at the codes that wait and confirms that they were saved.
func (a *actor) saveCodes(ctx context.Context) error {
	h, err := a.holder(ctx)
	if err != nil {
		return err
	}
	waiting, err := a.Enrol.WaitingCodes(ctx, h)
	if err != nil {
		return err
	}
	a.clock.pass(45 * time.Second)
	a.Codes = waiting.Codes
	return a.Enrol.SaveCodes(ctx, h, waiting.ID, true)
}

// spendCodes uses recovery codes up, as fresh proofs.
func (a *actor) spendCodes(ctx context.Context, n int) error {
	for range n {
		a.clock.pass(26 * time.Hour)
		loaded, err := a.Accounts.Load(ctx, countersign.DefaultWorkspace, a.id)
		if err != nil {
			return err
		}
		_, err = a.Accounts.Answer(ctx, account.Answer{
			Account: loaded, Kind: method.Recovery, Proof: a.Codes[0], Known: true, Place: a.place,
			Accept: func(*store.Tx, account.Proven) error { return nil },
		})
		if err != nil {
			return err
		}
		a.Codes = a.Codes[1:]
		err = a.sealed(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// never is for answers that no session comes of.
func never(*store.Tx, countersign.Proof) error {
	return errors.New("a wrong answer was taken for a right one")
}

// guess lets a stranger, who has the password, type wrong codes until they are
// stopped.
func (a *actor) guess(ctx context.Context, from countersign.Place) error {
	v := signin.Visitor{Bind: seal.NewToken(), Place: from}
	at, err := a.start(ctx, &v)
	if err != nil {
		return err
	}
	for range 20 {
		a.clock.pass(4 * time.Second)
		_, err = a.SignIn.Second(ctx, at, method.TOTP, wrongCode(a.secret, a.clock.Now()), v, never)
		if countersign.KindOf(err) == countersign.Limited {
			return nil
		}
		if countersign.KindOf(err) != countersign.Invalid {
			return fmt.Errorf("a wrong code was answered with: %w", err)
		}
	}
	return errors.New("wrong codes were never stopped")
}

// wrongCode is none of the codes that count at a moment.
func wrongCode(secret []byte, now time.Time) string {
	step := totp.Step(now)
	for n := 0; ; n++ {
		code := fmt.Sprintf("%06d", n)
		if code != totp.Code(secret, step-1) && code != totp.Code(secret, step) && code != totp.Code(secret, step+1) {
			return code
		}
	}
}

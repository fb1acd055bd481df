package accounttest

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/store"
)

// Browser is a browser with its cookies. It talks to one node.
type Browser struct {
	e     *Engine
	bind  string
	IP    string
	Agent string
	jar   *jar
}

// jar holds cookies by their names. Many requests of one browser may run at once.
type jar struct {
	mu      sync.Mutex
	cookies map[string]string
}

func (j *jar) get(name string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.cookies[name]
}

func (j *jar) keep(c *http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cookies[c.Name] = c.Value
	if c.MaxAge < 0 {
		delete(j.cookies, c.Name)
	}
}

func (j *jar) all() map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.cookies)
}

// Browser opens a new browser, at an address.
func (e *Engine) Browser(ip string) *Browser {
	return &Browser{e: e, bind: seal.NewToken(), IP: ip, Agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", jar: &jar{cookies: map[string]string{}}}
}

// On is the same browser, cookies and all, talking to another node.
func (b *Browser) On(e *Engine) *Browser {
	other := *b
	other.e = e
	return &other
}

// Place is where the browser's requests come from.
func (b *Browser) Place() countersign.Place {
	return countersign.Place{IP: b.IP, UserAgent: b.Agent, RequestID: "rid_1"}
}

const (
	browserCookie = "__Host-countersign_browser"
	sessionCookie = "__Host-countersign_session"
)

// Visitor is the browser as package signin sees it.
func (b *Browser) Visitor() signin.Visitor {
	return signin.Visitor{Bind: b.bind, Browser: b.jar.get(browserCookie), Place: b.Place()}
}

// Request is a request with the browser's cookies.
func (b *Browser) Request() *http.Request {
	r := httptest.NewRequest(http.MethodPost, URL+"/", nil)
	for name, value := range b.jar.all() {
		r.AddCookie(&http.Cookie{Name: name, Value: value}) //nolint:gosec // a request's cookie has no attributes
	}
	return r
}

// Token is the session's cookie, or "".
func (b *Browser) Token() string { return b.jar.get(sessionCookie) }

// SetToken puts a session's token into the cookie, as a page does after a step
// up, and as a thief does.
func (b *Browser) SetToken(token string) { b.jar.keep(&http.Cookie{Name: sessionCookie, Value: token}) } //nolint:gosec // a test's jar

// Take keeps the cookies of an answer.
func (b *Browser) Take(w *httptest.ResponseRecorder) {
	for _, cookie := range w.Result().Cookies() { //nolint:bodyclose // a recorder's body is memory
		b.jar.keep(cookie)
	}
}

// Start begins a sign-in.
func (b *Browser) Start(tb testing.TB, identifier string) countersign.AttemptID {
	tb.Helper()
	id, err := b.e.SignIn.Start(context.Background(), Workspace, identifier, "", b.Visitor())
	must(tb, err)
	return id
}

// Attempt loads an attempt; it has to be there.
func (b *Browser) Attempt(tb testing.TB, id countersign.AttemptID) signin.Attempt {
	tb.Helper()
	at, err := b.Load(id)
	must(tb, err)
	return at
}

// Load loads an attempt.
func (b *Browser) Load(id countersign.AttemptID) (signin.Attempt, error) {
	return b.e.SignIn.Load(context.Background(), Workspace, id, b.Visitor())
}

// TryPassword answers the first step of a new sign-in.
func (b *Browser) TryPassword(tb testing.TB, email, typed string) error {
	tb.Helper()
	return b.Password(b.Attempt(tb, b.Start(tb, email)), typed)
}

// Password answers the first step and keeps the sign-in's new token.
func (b *Browser) Password(at signin.Attempt, typed string) error {
	bind, err := b.e.SignIn.Password(context.Background(), at, typed, b.Visitor())
	if err == nil {
		b.bind = bind
	}
	return err
}

// First gives the person's password in a new sign-in.
func (b *Browser) First(tb testing.TB, p *Person) signin.Attempt {
	tb.Helper()
	id := b.Start(tb, p.Email)
	must(tb, b.Password(b.Attempt(tb, id), p.Password))
	return b.Attempt(tb, id)
}

// Second answers the second step, which starts the session, as the pages do.
func (b *Browser) Second(at signin.Attempt, kind method.Kind, typed string) error {
	_, err := b.Answer(at, kind, typed)
	return err
}

// Answer is Second, with the proof that it gave.
func (b *Browser) Answer(at signin.Attempt, kind method.Kind, typed string) (countersign.Proof, error) {
	opening := b.e.Sessions.Open(b.Request(), b.Place())
	proof, err := b.e.SignIn.Second(context.Background(), at, kind, typed, b.Visitor(), opening.Redeem)
	if err == nil {
		b.hand(opening)
	}
	return proof, err
}

// AnswerLater is Answer with nothing made of the proof yet: [Browser.Redeem] does.
func (b *Browser) AnswerLater(at signin.Attempt, kind method.Kind, typed string) (countersign.Proof, error) {
	return b.e.SignIn.Second(context.Background(), at, kind, typed, b.Visitor(), Later)
}

// Later makes nothing of a proof yet: [Browser.Redeem] does.
func Later(*store.Tx, countersign.Proof) error { return nil }

// ByPhone finishes an attempt that was approved on a phone, as the page that waits does.
func (b *Browser) ByPhone(id countersign.AttemptID) error {
	at, err := b.Load(id)
	if err != nil {
		return err
	}
	opening := b.e.Sessions.Open(b.Request(), b.Place())
	_, _, err = b.e.SignIn.ApprovedOnPhone(context.Background(), at, b.Visitor(), opening.Redeem)
	if err == nil {
		b.hand(opening)
	}
	return err
}

// Finish spends the attempt, reading it anew, and keeps its proof for later.
func (b *Browser) Finish(id countersign.AttemptID) (countersign.Proof, error) {
	at, err := b.Load(id)
	if err != nil {
		return countersign.Proof{}, err
	}
	return b.e.SignIn.Finish(context.Background(), at, b.Visitor(), Later)
}

// Redeem starts the session of a finished sign-in.
func (b *Browser) Redeem(proof countersign.Proof) error {
	opening := b.e.Sessions.Open(b.Request(), b.Place())
	err := b.e.Store.Write(context.Background(), func(tx *store.Tx) error { return opening.Redeem(tx, proof) })
	if err == nil {
		b.hand(opening)
	}
	return err
}

func (b *Browser) hand(opening *session.Opening) {
	w := httptest.NewRecorder()
	opening.Hand(w)
	b.Take(w)
}

// Enter finishes an attempt and starts its session in one transaction, as the pages
// do.
func (b *Browser) Enter(id countersign.AttemptID) (countersign.Proof, error) {
	at, err := b.Load(id)
	if err != nil {
		return countersign.Proof{}, err
	}
	opening := b.e.Sessions.Open(b.Request(), b.Place())
	proof, err := b.e.SignIn.Finish(context.Background(), at, b.Visitor(), opening.Redeem)
	if err == nil {
		b.hand(opening)
	}
	return proof, err
}

// Complete is Enter where nothing stands in the way.
func (b *Browser) Complete(tb testing.TB, id countersign.AttemptID) countersign.Proof {
	tb.Helper()
	proof, err := b.Enter(id)
	must(tb, err)
	return proof
}

// SignIn signs the person in: the password, and the app's next code where the
// person has an app.
func (b *Browser) SignIn(tb testing.TB, p *Person) countersign.Proof {
	tb.Helper()
	at := b.First(tb, p)
	if at.Step != policy.StepSecond {
		return b.Complete(tb, at.ID)
	}
	proof, err := b.Answer(at, method.TOTP, p.NextCode(tb))
	must(tb, err)
	return proof
}

// SignInBy signs the person in with a recovery code.
func (b *Browser) SignInBy(tb testing.TB, p *Person, code string) countersign.Proof {
	tb.Helper()
	proof, err := b.Answer(b.First(tb, p), method.Recovery, code)
	must(tb, err)
	return proof
}

// Session loads the browser's session; it has to be there.
func (b *Browser) Session(tb testing.TB) session.Current {
	tb.Helper()
	c, err := b.LoadSession()
	must(tb, err)
	return c
}

// LoadSession loads the browser's session.
func (b *Browser) LoadSession() (session.Current, error) {
	return b.e.Sessions.Load(b.Request(), Workspace)
}

// Holder is the browser's session as the rules see it.
func (b *Browser) Holder(tb testing.TB) account.Holder {
	tb.Helper()
	return b.Session(tb).Holder(b.Place())
}

// Prove gives a second factor in the session: a fresh proof. It keeps the new
// token.
func (b *Browser) Prove(tb testing.TB, kind method.Kind, typed string) error {
	tb.Helper()
	token, err := b.e.Sessions.Prove(context.Background(), b.Session(tb), kind, typed, b.Place())
	if err == nil {
		b.SetToken(token)
	}
	return err
}

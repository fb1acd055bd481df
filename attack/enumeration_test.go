package attack_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/limit"
	"countersign/internal/password"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// kind is a sort of account that a stranger may ask for by its address.
type kind struct {
	name string // four letters, so that all addresses are equally long
	is   string

	exists   bool
	state    countersign.UserState
	role     countersign.Role
	language string
	secret   bool // it has a password
	second   bool // it has an authenticator app and recovery codes
	locked   bool // its second factor is locked
	shouted  bool // it is asked for in capitals
	mailed   bool // a forgotten password is mailed to it
}

// enters tells whether the right password leads on.
func (k kind) enters() bool { return k.exists && k.state == countersign.Active && k.secret }

// kinds begin with the one that all others must look like.
func kinds() []kind {
	active, disabled, invited := countersign.Active, countersign.Disabled, countersign.Invited
	return []kind{
		{name: "none", is: "an address that nobody has"},
		{name: "shut", is: "an address that nobody has, in capitals", shouted: true},
		{name: "memb", is: "a member", exists: true, state: active, secret: true, mailed: true},
		{name: "caps", is: "a member, in capitals", exists: true, state: active, secret: true, shouted: true, mailed: true},
		{name: "ownr", is: "an owner", exists: true, state: active, role: countersign.Owner, secret: true, mailed: true},
		{name: "germ", is: "a member who reads German", exists: true, state: active, language: "de", secret: true, mailed: true},
		{name: "guar", is: "a member with an authenticator app", exists: true, state: active, secret: true, second: true, mailed: true},
		{name: "lock", is: "a member whose second factor is locked", exists: true, state: active, secret: true, second: true, locked: true, mailed: true},
		{name: "disa", is: "a disabled account", exists: true, state: disabled, secret: true},
		{name: "dsec", is: "a disabled account with an app", exists: true, state: disabled, secret: true, second: true},
		{name: "invi", is: "an invited person", exists: true, state: invited, mailed: true},
		{name: "bare", is: "an active account without a password", exists: true, state: active, mailed: true},
	}
}

// email is the address of one of many accounts of this kind.
func (k kind) email(crowd string, i int) string {
	return fmt.Sprintf("x-%s-%s-%05d@acme.example", k.name, crowd, i) // the page shows the first letter, large
}

// typed is what the stranger types for it.
func (k kind) typed(crowd string, i int) string {
	if k.shouted {
		return strings.ToUpper(k.email(crowd, i))
	}
	return k.email(crowd, i)
}

// populate creates accounts of each kind, with numbers from one up to another.
func populate(t *testing.T, s *site.Site, kinds []kind, crowd string, first, end int) {
	t.Helper()
	hash, err := s.Engine.Hasher.Hash(t.Context(), site.GoodPassword, password.Caller{})
	must(t, err)
	const together = 250
	for _, k := range kinds {
		for from := first; k.exists && from < end; from += together {
			s.Write(t, func(tx *store.Tx) error {
				for i := from; i < min(from+together, end); i++ {
					err := k.insert(tx, s, k.email(crowd, i), hash)
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
}

func (k kind) insert(tx *store.Tx, s *site.Site, email, hash string) error {
	if !k.secret {
		hash = ""
	}
	user := countersign.UserID(seal.ID("usr"))
	role := k.role
	if role == "" {
		role = countersign.Member
	}
	err := tx.InsertUser(tx.Ctx, rows.InsertUserParams{
		WorkspaceID: countersign.DefaultWorkspace, ID: user, PoolID: countersign.DefaultPool, Email: email,
		EmailKey: account.EmailKey(email), Name: "Somebody", Role: role, State: k.state, Language: k.language,
		PasswordHash: hash, PasswordChangedAt: tx.NowMilli(), CreatedAt: tx.NowMilli(),
	})
	if err != nil || !k.second {
		return err
	}
	id := countersign.CredentialID(seal.ID("crd"))
	sealed, err := s.Engine.Ring.Seal(seal.Bytes(20), store.SecretPlace(id))
	if err != nil {
		return err
	}
	err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
		WorkspaceID: countersign.DefaultWorkspace, ID: id, UserID: user, Kind: "totp", Name: "Phone", NameKey: "phone",
		State: "active", Secret: sealed, CreatedAt: tx.NowMilli(), ConfirmedAt: tx.NowMilli(),
	})
	if err != nil || !k.locked {
		return err
	}
	return lockSubject(tx, string(user), limit.SecondFactor)
}

// lockSubject locks a day long, as many wrong answers would.
func lockSubject(tx *store.Tx, subject string, sort limit.Sort) error {
	_, err := tx.TakeTry(tx.Ctx, rows.TakeTryParams{
		WorkspaceID: countersign.DefaultWorkspace, Subject: subject, Sort: string(sort), Counter: "other",
		Now: tx.NowMilli(), Most: limit.RuleOf(sort).Most,
	})
	if err != nil {
		return err
	}
	_, err = tx.LockGuesses(tx.Ctx, rows.LockGuessesParams{
		WorkspaceID: countersign.DefaultWorkspace, Subject: subject, Sort: string(sort), Counter: "other",
		LockedUntil: tx.Now.Add(24 * time.Hour).UnixMilli(),
	})
	return err
}

// seen is one answer as a stranger sees it, without what differs each time.
type seen struct{ step, text string }

// walk asks for an account and tries everything that a stranger can.
func (k kind) walk(s *site.Site, crowd, from string, header http.Header) []seen {
	typed := k.typed(crowd, 0)
	c, other := s.Client(), s.Client()
	c.From, c.Header, other.From, other.Header = from, header, from, header
	var all []seen
	see := func(step string, a site.Answer) site.Answer {
		all = append(all, seen{step, disguised(a, typed)})
		return a
	}
	wrong, right := site.GoodPassword+"!", site.GoodPassword
	begin := func() string {
		path := see("POST identifier", c.Post("/signin", "identifier", typed, "return", "/account/profile")).Location
		return strings.TrimSuffix(path, "/password")
	}
	see("GET signin", c.Get("/signin"))
	at := begin()
	pages := func(when string) {
		for _, page := range []string{"", "/password", "/code", "/recovery", "/ways"} {
			see("GET attempt"+page+when, c.Get(at+page))
		}
		see("GET attempt of another browser"+when, other.Get(at+"/password"))
		see("POST password to another browser's attempt"+when, other.Post(at+"/password", "password", wrong))
		see("POST code"+when, c.Post(at+"/code", "code", "123456"))
		see("POST recovery"+when, c.Post(at+"/recovery", "recovery", "AAAA-BBBB-CCCC-DDDD"))
		see("POST malformed code"+when, c.Post(at+"/code", "code", "x"))
	}
	pages(" before the password")
	see("POST no password", c.Post(at+"/password", "password", ""))
	see("POST a very long password", c.Post(at+"/password", "password", strings.Repeat("x", 5000)))
	for i := 2; i <= limit.Batch; i++ {
		typedNow := wrong
		if i == 5 && !k.enters() {
			typedNow = right
		}
		see(fmt.Sprintf("POST wrong password %d", i), c.Post(at+"/password", "password", typedNow))
	}
	see("POST password during the pause", c.Post(at+"/password", "password", right))
	pages(" during the pause")
	at = begin()
	see("POST password of another attempt during the pause", c.Post(at+"/password", "password", right))
	see("POST the same in other capitals", c.Post(at+"/password", "password", strings.ToUpper(right)))
	see("POST cancel", c.Post(at+"/cancel"))
	pages(" after the end")
	for i := range 5 {
		see(fmt.Sprintf("POST forgot %d", i), c.Post("/forgot", "email", typed))
	}
	return all
}

var (
	attemptID = regexp.MustCompile(`att_[A-Za-z0-9_-]+`)
	requestID = regexp.MustCompile(`rid_[A-Za-z0-9_-]+`)
	challenge = regexp.MustCompile(`challenge&#34;:&#34;[A-Za-z0-9_-]+`)
)

// disguised is all of an answer but for what is new in each: the ids of attempt
// and request and a passkey's challenge (their form stays), the values of cookies (their length stays), and
// the address as it was typed.
func disguised(a site.Answer, typed string) string {
	if a.Err != nil {
		return "no answer: " + a.Err.Error()
	}
	lines := []string{strconv.Itoa(a.Status)}
	for name, values := range a.Header {
		for _, value := range values {
			if name == "Date" {
				_, err := http.ParseTime(value)
				value = fmt.Sprint("a time: ", err == nil)
			}
			lines = append(lines, name+": "+value)
		}
	}
	for _, cookie := range (&http.Response{Header: a.Header}).Cookies() {
		for i, line := range lines {
			if cookie.Value != "" {
				lines[i] = strings.ReplaceAll(line, cookie.Name+"="+cookie.Value, fmt.Sprintf("%s=%d bytes", cookie.Name, len(cookie.Value)))
			}
		}
	}
	slices.Sort(lines[1:])
	text := strings.ReplaceAll(strings.Join(append(lines, "", a.Body), "\n"), typed, "THE ADDRESS")
	for _, id := range []*regexp.Regexp{attemptID, requestID, challenge} {
		text = id.ReplaceAllStringFunc(text, func(found string) string { return found[:4] + strconv.Itoa(len(found)) })
	}
	return text
}

// TestEnumeration asks for accounts of every kind: what is answered, at every
// step and until the pause, is the same for all of them. Only who reads the
// mailbox learns more.
func TestEnumeration(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		s.Clock.Freeze(s.Clock.Now()) // waiting times are then the same
		for crowd, header := range []http.Header{
			{}, {"Accept": {"application/problem+json"}, "Accept-Language": {"de"}},
		} {
			populate(t, s, kinds(), strconv.Itoa(crowd), 0, 1)
			var model []seen
			for i, k := range kinds() {
				answers := k.walk(s, strconv.Itoa(crowd), fmt.Sprintf("127.4.%d.%d", crowd, i+1), header)
				if i == 0 {
					model = answers
				}
				n := slices.IndexFunc(answers, func(a seen) bool { return !slices.Contains(model, a) })
				if n >= 0 {
					t.Errorf("%s tells that it is %s: %s", answers[n].step, k.is, difference(model[n].text, answers[n].text))
				}
			}
			steps(t, model)
		}
		mailedOnlyToTheirOwners(t, s, "0")
		mailedOnlyToTheirOwners(t, s, "1")
	})
}

// steps looks at a few answers of the model itself: were all of them errors, they
// would be alike too.
func steps(t *testing.T, model []seen) {
	t.Helper()
	for step, status := range map[string]string{
		"POST identifier": "303", "POST wrong password 5": "422", "POST password during the pause": "429",
		"POST cancel": "303", "POST forgot 0": "200", "POST forgot 4": "200",
	} {
		i := slices.IndexFunc(model, func(a seen) bool { return a.step == step })
		if i < 0 || !strings.HasPrefix(model[i].text, status) {
			t.Errorf("%s was not answered %s", step, status)
		}
	}
}

func mailedOnlyToTheirOwners(t *testing.T, s *site.Site, crowd string) {
	t.Helper()
	for _, k := range kinds() {
		for n := 0; k.mailed && n < 3; n++ {
			s.Mail(t, k.email(crowd, 0), "")
		}
	}
	for _, k := range kinds() {
		if m, found := s.Arrived(k.email(crowd, 0), ""); found {
			t.Errorf("one mail too many to %s: %q", k.is, m.Subject)
		}
	}
}

// difference is the first line in which two answers differ.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("%q where %q is answered for nobody", b[i], a[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(b), len(a))
}

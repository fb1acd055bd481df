package sms

import (
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/seal"
)

var key = seal.MACKey(strings.Repeat("k", 32))

func sent(code string, at time.Time) *Challenge {
	c := &Challenge{ID: "txt_1", Credential: "crd_1", Holder: "att_1", Expires: at.Add(Life), Tried: 1}
	c.MAC = c.Sum(key, code)
	return c
}

func TestWhatACodeIsGoodFor(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	rows := []struct {
		name   string
		change func(c *Challenge)
		holder string
		typed  string
		later  time.Duration
		want   error
	}{
		{name: "the code that was sent", typed: "123456"},
		{name: "with spaces and other digits", typed: " 123 ٤٥٦ "},
		{name: "at the last moment", typed: "123456", later: Life - time.Millisecond},
		{name: "three minutes later", typed: "123456", later: Life, want: ErrOver},
		{name: "another code", typed: "123457", want: method.ErrWrong},
		{name: "no code", typed: "12345", want: method.ErrMalformed},
		{name: "the fifth try", typed: "123456", change: func(c *Challenge) { c.Tried = Tries }},
		{name: "the sixth try, though it is right", typed: "123456", change: func(c *Challenge) { c.Tried = Tries + 1 }, want: ErrOver},
		{name: "a second time", typed: "123456", change: func(c *Challenge) { c.Spent = true }, want: method.ErrUsed},
		{name: "another's sign-in", typed: "123456", holder: "att_2", want: ErrOver},
		{name: "nobody's", typed: "123456", holder: "-", want: ErrOver},
		{name: "of a number that was changed", typed: "123456", change: func(c *Challenge) { c.Credential = "crd_0" }, want: ErrOver},
		{name: "moved to this sign-in by hand", typed: "123456", change: func(c *Challenge) { c.ID = "txt_2" }, want: method.ErrWrong},
		{name: "sent while the clock was wrong", typed: "123456", change: func(c *Challenge) { c.Expires = c.Expires.AddDate(1, 0, 0) }, want: ErrOver},
	}
	for _, row := range rows {
		c := sent("123456", now)
		if row.change != nil {
			row.change(c)
		}
		holder := "att_1"
		if row.holder != "" {
			holder = strings.Trim(row.holder, "-")
		}
		accepted, err := Judge{Key: key, Challenge: c, Holder: holder}.Verify(method.Credential{ID: "crd_1", Kind: method.SMS, Secret: []byte("+4915123456789")}, row.typed, now.Add(row.later))
		if !errors.Is(err, row.want) || (err == nil) != (row.want == nil) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
		if err == nil && (accepted.Spent <= 0 || string(accepted.Credential.Secret) != "+4915123456789") {
			t.Errorf("%s: %+v", row.name, accepted)
		}
	}
	_, err := Judge{Key: key, Holder: "att_1"}.Verify(method.Credential{ID: "crd_1", Kind: method.SMS}, "123456", now)
	if !errors.Is(err, ErrOver) {
		t.Errorf("where none was sent: %v", err)
	}
	// Mistakes of the caller let nobody in, and are no wrong codes.
	for name, call := range map[string]func() error{
		"another kind": func() error {
			_, err := Judge{Key: key, Challenge: sent("123456", now), Holder: "att_1"}.Verify(method.Credential{ID: "crd_1", Kind: method.TOTP}, "123456", now)
			return err
		},
		"no key": func() error {
			_, err := Judge{Challenge: sent("123456", now), Holder: "att_1"}.Verify(method.Credential{ID: "crd_1", Kind: method.SMS}, "123456", now)
			return err
		},
	} {
		if err := call(); err == nil || errors.Is(err, method.ErrWrong) || errors.Is(err, ErrOver) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if ErrOver == nil || errors.Is(ErrOver, method.ErrWrong) {
		t.Error("a code that is over counts as a guess")
	}
}

func TestWhichNumbersMayHaveTexts(t *testing.T) {
	both := []string{"DE", "US"}
	rows := []struct {
		typed     string
		countries []string
		want      Number
		problem   Problem
	}{
		{"+49 1512 3456789", both, Number{"+4915123456789", "DE"}, Fine},
		{"01512 3456789", both, Number{"+4915123456789", "DE"}, Fine},
		{"0049 1512 3456789", both, Number{"+4915123456789", "DE"}, Fine},
		{"+1 (201) 555-0123", both, Number{"+12015550123", "US"}, Fine},
		{"(201) 555-0123", []string{"US"}, Number{"+12015550123", "US"}, Fine},
		{"٠١٥١٢٣٤٥٦٧٨٩", both, Number{"+4915123456789", "DE"}, Fine},
		{"", both, Number{}, Empty},
		{"  ", both, Number{}, Empty},
		{"ada@example.com", both, Number{}, Malformed},
		{"+49 1512 345", both, Number{}, Malformed},
		{"+49 1512 3456789 ext. 7", both, Number{}, Malformed},
		{strings.Repeat("1", 65), both, Number{}, Malformed},
		{"+49 1512 3456789", nil, Number{}, Malformed},
		{"+33 6 12 34 56 78", both, Number{}, Country},
		{"+49 1512 3456789", []string{"US"}, Number{}, Country},
		{"+1 416 555 0123", both, Number{}, Country},  // Canada has the same +1
		{"+881 6 1234 5678", both, Number{}, Country}, // a satellite
		{"+49 30 123456", both, Number{}, Line},       // a house in Berlin
		{"+49 900 1234567", both, Number{}, Line},     // costs its caller
		{"+49 800 1234567", both, Number{}, Line},     // free
		{"+1 900 555 0123", both, Number{}, Line},
	}
	for _, row := range rows {
		got, problem := Parse(row.typed, row.countries)
		if problem != row.problem || problem == Fine && got != row.want {
			t.Errorf("%q among %v: %+v %q, want %+v %q", row.typed, row.countries, got, problem, row.want, row.problem)
		}
	}
}

func TestHowANumberIsShown(t *testing.T) {
	const number = "+4915123456789"
	for what, pair := range map[string][2]string{
		"in full": {Show(number), "+49 1512 3456789"}, "masked": {Mask(number), "•••• 89"}, "its block": {Prefix(number), "+491512345"},
		"its country": {CountryOf(number), "DE"}, "nothing": {Mask(""), "••••"}, "what is no number": {Show("hello"), "•••• lo"},
		"the country of no number": {CountryOf("hello"), ""}, "a short block": {Prefix("+1"), ""},
		"its beginning": {Area(number), "+49 151…"}, "the beginning of an American one": {Area("+12015550123"), "+1 201…"},
		"of one with eight digits": {Area("+4520123456"), "+45 20…"}, "of one with five": {Area("+29051234"), "+290…"}, "the beginning of no number": {Area("hello"), "…"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
}

func say(name string) string {
	return "123456 is your " + name + " code. It expires in 3 minutes. Never share it."
}

func TestWhatATextSays(t *testing.T) {
	for name, want := range map[string]string{
		"Acme":                     "Acme",
		"Straßenbau Müller":        "Straßenbau Müller",
		"Żółw":                     "Zow", // ł has no mark to lose
		"東京":                       "login.example.com",
		"Acme\n@evil.example #1":   "Acme @evil.example #1",
		strings.Repeat("Long ", 9): "Long Long Long Long Long",
	} {
		body := Body(say, name, "login.example.com", "123456")
		lines := strings.Split(body, "\n")
		if len(lines) != 3 || lines[0] != say(want) || lines[1] != "" || lines[2] != "@login.example.com #123456" {
			t.Errorf("%q: %q", name, body)
		}
		if Parts(body) != 1 {
			t.Errorf("%q is sent in %d parts", name, Parts(body))
		}
	}
	host := strings.Repeat("a", 40) + ".example.com"
	body := Body(func(name string) string { return strings.Repeat("x", 85) + name }, "A somewhat long company", host, "123456")
	if !strings.Contains(body, "x"+host) {
		t.Errorf("the name makes it too long, and is there: %q", body)
	}
}

func TestWhatTheOldNumberIsTold(t *testing.T) {
	full := func(name, host string) string { return name + " " + strings.Repeat("x", 80) + " " + host }
	short := func(where string) string { return strings.Repeat("y", 100) + " " + where }
	long, longer := strings.Repeat("a", 47)+".example.com", strings.Repeat("a", 48)+".example.com"
	for what, row := range map[string]struct {
		workspace, host, want string
		parts                 int64
	}{
		"both fit":                        {"Acme", "login.example.com", full("Acme", "login.example.com"), 1},
		"a name that leaves the alphabet": {"Żółw", "login.example.com", full("Zow", "login.example.com"), 1},
		"no name is left":                 {"東京", "login.example.com", short("login.example.com"), 1},
		"a host with which only one fits": {strings.Repeat("n", 24), long, short(long), 1},
		"a host that does not fit":        {"Acme", longer, full("Acme", longer), 1},
		"neither beside a long name":      {strings.Repeat("n", 24), longer, short(strings.Repeat("n", 24)), 1},
		"no name and a long host":         {"東京", longer, short(longer), 2},
	} {
		got := Changed(full, short, row.workspace, row.host)
		if got != row.want || Parts(got) != row.parts {
			t.Errorf("%s: %q in %d parts, want %q in %d", what, got, Parts(got), row.want, row.parts)
		}
	}
}

func TestHowManyTextsABodyIs(t *testing.T) {
	for body, want := range map[string]int64{
		"": 1, strings.Repeat("a", 160): 1, strings.Repeat("a", 161): 2, strings.Repeat("a", 307): 3, strings.Repeat("ü", 160): 1,
		strings.Repeat("“", 70): 1, strings.Repeat("“", 71): 2, strings.Repeat("😀", 36): 2,
	} {
		if got := Parts(body); got != want {
			t.Errorf("%d characters: %d, want %d", len([]rune(body)), got, want)
		}
	}
}

package text_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign/internal/notify/text"
	"countersign/internal/notify/text/texttest"
)

const to = "+4915123456789"

func now() time.Time { return time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC) }

func parse(t *testing.T, patience time.Duration, entries ...string) *text.Providers {
	t.Helper()
	p, err := text.Parse([]byte(strings.Join(entries, "")), text.Options{Public: "https://signin.example.com", Now: now, Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func message() text.Message {
	return text.Message{To: to, Body: "123456 is your \"Acme\" & Söhne\\ {to} code.\n\n@signin.example.com #123456", ID: "msg_1", Report: "txt_1", Life: 3 * time.Minute}
}

func TestEachProviderTakesAText(t *testing.T) {
	gateway, twilio, sns := texttest.NewGateway(t), texttest.NewTwilio(t), texttest.NewSNS(t)
	for name, row := range map[string]struct {
		entry  string
		texts  func() []texttest.Text
		priced int64
	}{
		"gw":     {gateway.Entry("gw"), gateway.Texts, 75_000},
		"twilio": {twilio.Entry("twilio"), twilio.Texts, 7_900},
		"sns":    {sns.Entry("sns"), sns.Texts, 0},
	} {
		taken, err := parse(t, 0, row.entry).Send(t.Context(), message())
		got := row.texts()
		if err != nil || len(got) != 1 || got[0].To != to || got[0].Body != message().Body || got[0].Code() != "123456" {
			t.Fatalf("%s: %v, %+v", name, err, got)
		}
		if taken.Provider != name || taken.Reference != got[0].Reference || taken.Price != row.priced {
			t.Errorf("%s: %+v", name, taken)
		}
	}
	if callback := twilio.Callback(twilio.Texts()[0].Reference); callback != "https://signin.example.com/texts/receipts/twilio/txt_1" {
		t.Errorf("Twilio reports to %q", callback)
	}
}

// Whatever the first does but take the text, the second one gets it; nobody's words, no
// number and no code stand in the error where none takes it.
func TestTheNextOneIsAsked(t *testing.T) {
	gateway, twilio, sns := texttest.NewGateway(t), texttest.NewTwilio(t), texttest.NewSNS(t)
	last := texttest.NewGateway(t)
	for name, first := range map[string]interface {
		Be(texttest.Mood)
		Entry(string) string
		Texts() []texttest.Text
	}{"gw": gateway, "twilio": twilio, "sns": sns} {
		for mood, what := range map[texttest.Mood]string{
			texttest.Down: "is down", texttest.Slow: "is slow", texttest.Lying: "lies", texttest.Cut: "breaks off", texttest.Absurd: "talks nonsense",
		} {
			first.Be(mood)
			before := len(last.Texts())
			m := message()
			m.ID = name + what
			taken, err := parse(t, 200*time.Millisecond, first.Entry(name), last.Entry("last")).Send(t.Context(), m)
			if err != nil || taken.Provider != "last" || len(last.Texts()) != before+1 {
				t.Errorf("%s %s: %v, %+v", name, what, err, taken)
			}
			_, err = parse(t, 200*time.Millisecond, first.Entry(name)).Send(t.Context(), m)
			if err == nil {
				t.Errorf("%s %s, and took the text", name, what)
				continue
			}
			for _, secret := range []string{to[3:], "123456", gateway.Token, twilio.Token, sns.Secret, "127.0.0.1"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%s %s: the error repeats %s: %v", name, what, secret, err)
				}
			}
		}
		if n := len(first.Texts()); n != 0 {
			t.Errorf("%s took %d texts", name, n)
		}
	}
}

func TestWhatProvidersRefuse(t *testing.T) {
	gateway, twilio, sns := texttest.NewGateway(t), texttest.NewTwilio(t), texttest.NewSNS(t)
	unsubscribed := message()
	unsubscribed.To = twilio.Unsubscribed
	for name, row := range map[string]struct {
		entry string
		m     text.Message
		want  string
	}{
		"another token":       {strings.Replace(gateway.Entry("p"), gateway.Token, "other", 1), message(), "p: the server answered 401"},
		"another account key": {strings.Replace(twilio.Entry("p"), twilio.Token, "other", 1), message(), "p: the server answered 401, error 20003"},
		"no number":           {twilio.Entry("p"), text.Message{To: "12", Body: "x"}, "p: the server answered 400, error 21211"},
		"an unsubscribed one": {twilio.Entry("p"), unsubscribed, "p: the server answered 400, error 21610"},
		"another secret":      {strings.Replace(sns.Entry("p"), sns.Secret, "other", 1), message(), "p: the server answered 403, SignatureDoesNotMatch"},
		"another region":      {strings.Replace(sns.Entry("p"), sns.Region, "us-east-1", 1), message(), "p: the server answered 403, SignatureDoesNotMatch"},
	} {
		_, err := parse(t, 0, row.entry).Send(t.Context(), row.m)
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
}

// An address inside is spoken to only where the file says that it is.
func TestAnAddressInside(t *testing.T) {
	gateway := texttest.NewGateway(t)
	entry := strings.Replace(strings.Replace(gateway.Entry("p"), "inside = true", "", 1), "http://127.0.0.1", "https://127.0.0.1", 1)
	_, err := parse(t, 0, entry).Send(t.Context(), message())
	if err == nil || !strings.Contains(err.Error(), "inside = true") || gateway.Asked() != 0 {
		t.Errorf("%v, asked %d times", err, gateway.Asked())
	}
}

func TestTheFileOfProviders(t *testing.T) {
	gateway, twilio, sns := texttest.NewGateway(t).Entry("p"), texttest.NewTwilio(t).Entry("p"), texttest.NewSNS(t).Entry("p")
	without := func(entry, line string) string {
		var kept []string
		for _, one := range strings.Split(entry, "\n") {
			if !strings.HasPrefix(one, line+" ") {
				kept = append(kept, one)
			}
		}
		return strings.Join(kept, "\n")
	}
	for name, row := range map[string]struct{ file, want string }{
		"nothing":                    {"", "names no [[provider]]"},
		"no TOML":                    {"[[provider]\nsecret", "is no TOML"},
		"a mistyped key":             {gateway + "tokn = 'x'", "there is no key provider.tokn"},
		"another kind":               {"[[provider]]\nkind = 'pigeon'", "gateway, twilio or sns"},
		"one name twice":             {gateway + gateway, "provider 2: its name is there twice"},
		"a name with a space":        {strings.Replace(gateway, `"p"`, `"my gateway"`, 1), "small letters"},
		"a price without a currency": {without(gateway, "currency"), "price and currency"},
		"in the clear":               {without(gateway, "inside"), "http:// needs inside"},
		"the number in the host":     {strings.Replace(gateway, "127.0.0.1", "{to}.example.com", 1), "host of url"},
		"nothing counts as taken":    {without(without(gateway, "accepted_field"), "accepted_values"), "say what a text that was taken is answered"},
		"a field without values":     {without(gateway, "accepted_values"), "go together"},
		"no place for the text":      {strings.Replace(gateway, "{text}", "", 1), "must hold {text}"},
		"no place for the number":    {strings.Replace(gateway, "{to}", "", 1), "{to} or {number}"},
		"another method":             {gateway + "method = 'DELETE'", "GET, POST or PUT"},
		"a short secret":             {strings.Replace(gateway, texttest.ReceiptSecret, "short", 1), "receipts need"},
		"twilio without a sender":    {without(twilio, "from"), "one of from and service"},
		"twilio without a key":       {without(twilio, "token"), "token, or key and secret"},
		"sns without a region":       {without(sns, "region"), "region, key_id and secret"},
		"receipts of sns":            {sns + "receipts = true", "no receipts"},
	} {
		_, err := text.Parse([]byte(row.file), text.Options{Now: now})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q in it", name, err, row.want)
		}
	}
	// Whoever types a number must not choose where it and the secrets go.
	for _, url := range []string{
		"https://a{to}b.com/?t={text}", "https://sms{to}.de/?t={text}", "https://{to}.example.com/?t={text}", "https://sms.example.com:{to}/?t={text}",
		"https://{to}@sms.example.com/?t={text}", "https://sms.example.com{to}?t={text}", "https://sms.example.com{text}{to}", "{to}https://sms.example.com/?t={text}",
		"https{to}://sms.example.com/?t={text}", "https://sms.{}example.com/?t={text}&n={to}",
	} {
		_, err := text.Parse([]byte("[[provider]]\nkind = 'gateway'\naccepted = [200]\nurl = '"+url+"'"), text.Options{Now: now})
		if err == nil || !strings.Contains(err.Error(), "url must") && !strings.Contains(err.Error(), "the host of url") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"https://sms.example.com/{to}?t={text}", "https://sms.example.com?t={text}&n={to}", "https://[2001:db8::1]:8443/{to}/{text}"} {
		_, err := text.Parse([]byte("[[provider]]\nkind = 'gateway'\naccepted = [200]\nurl = '"+url+"'"), text.Options{Now: now})
		if err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	file := filepath.Join(t.TempDir(), "texts.toml")
	_, err := text.ReadFile(file, text.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "texts_file") {
		t.Errorf("a file that is not there: %v", err)
	}
	err = os.WriteFile(file, []byte(gateway), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p, err := text.ReadFile(file, text.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	_, found := p.Find("p")
	_, other := p.Find("q")
	if !found || other {
		t.Errorf("found %v, %v", found, other)
	}
}

// Templates are filled as their place wants it, and nothing of a text is read as one.
func TestTemplatesOfAGateway(t *testing.T) {
	for name, row := range map[string]struct{ entry, want string }{
		"a form":       {"url = 'https://x.example/send?to={number}'\nbody = 't={text}'\nheaders = {Content-Type = 'application/x-www-form-urlencoded'}", "POST /send?to=4915123456789 t=a+%22b%22+%26+%7Bto%7D%0Ac"},
		"the address":  {"url = 'https://x.example/{to}/{text}'\nmethod = 'GET'", "GET /%2B4915123456789/a+%22b%22+%26+%7Bto%7D%0Ac "},
		"JSON":         {"url = 'https://x.example/'\nbody = '{\"t\":\"{text}\",\"n\":\"{to}\"}'\nheaders = {Content-Type = 'application/json; charset=utf-8'}", `POST / {"t":"a \"b\" \u0026 {to}\nc","n":"+4915123456789"}`},
		"XML":          {"url = 'https://x.example/'\nbody = '<t n=\"{to}\">{text}</t>'\nheaders = {Content-Type = 'text/xml'}", "POST / <t n=\"+4915123456789\">a &#34;b&#34; &amp; {to}&#xA;c</t>"},
		"plain text":   {"url = 'https://x.example/'\nbody = '{to} {text}'\nheaders = {Content-Type = 'text/plain'}", "POST / +4915123456789 a \"b\" & {to}\nc"},
		"no such kind": {"url = 'https://x.example/'\nbody = '{to} {text}'", "POST / %2B4915123456789 a+%22b%22+%26+%7Bto%7D%0Ac"},
	} {
		got := ""
		server := texttest.Listen(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
			got = r.Method + " " + r.URL.RequestURI() + " " + string(body)
			w.WriteHeader(http.StatusAccepted)
		})
		entry := "[[provider]]\nkind = 'gateway'\ninside = true\naccepted = [202]\n" + strings.Replace(row.entry, "https://x.example", server, 1)
		_, err := parse(t, 0, entry).Send(t.Context(), text.Message{To: to, Body: "a \"b\" & {to}\nc", ID: "1"})
		if err != nil || got != row.want {
			t.Errorf("%s: %v, %q, want %q", name, err, got, row.want)
		}
	}
}

func TestReceipts(t *testing.T) {
	gateway, twilio := texttest.NewGateway(t), texttest.NewTwilio(t)
	p := parse(t, 0, gateway.Entry("gw"), twilio.Entry("tw"))
	gw, _ := p.Find("gw")
	tw, _ := p.Find("tw")
	sid := "SM" + strings.Repeat("0", 32)
	const address = "https://signin.example.com/texts/receipts/tw"
	signed := func(state string, more url.Values, change func(*text.Report)) text.Report {
		form, signature := twilio.Report(address, sid, state, more)
		r := text.Report{URL: address, Header: http.Header{"X-Twilio-Signature": {signature}}, Form: form}
		if change != nil {
			change(&r)
		}
		return r
	}
	named := func(name, state string) text.Report {
		form, signature := twilio.Report(address+"/"+name, sid, state, nil)
		return text.Report{URL: address + "/" + name, Secret: name, Header: http.Header{"X-Twilio-Signature": {signature}}, Form: form}
	}
	other := named("txt_1", "failed")
	other.URL, other.Secret = address+"/txt_2", "txt_2"
	told := func(kind, body, secret string) text.Report {
		r := text.Report{Header: http.Header{"Content-Type": {kind}}, Body: []byte(body), Secret: secret, Query: url.Values{"id": {"q"}}}
		if kind == "application/x-www-form-urlencoded" {
			form, err := url.ParseQuery(body)
			if err != nil {
				t.Fatal(err)
			}
			r.Form, r.Body = form, nil
		}
		return r
	}
	for name, row := range map[string]struct {
		by   text.Receipts
		r    text.Report
		want text.Receipt
		err  error
	}{
		"delivered":            {tw.Receipts, signed("delivered", nil, nil), text.Receipt{Reference: sid, Listed: "USD", State: text.Delivered}, nil},
		"undelivered":          {tw.Receipts, signed("undelivered", nil, nil), text.Receipt{Reference: sid, Listed: "USD", State: text.Failed}, nil},
		"sent":                 {tw.Receipts, signed("sent", nil, nil), text.Receipt{Reference: sid, Listed: "USD", State: text.Underway}, nil},
		"with a price":         {tw.Receipts, signed("delivered", url.Values{"Price": {"-0.00750"}, "PriceUnit": {"usd"}}, nil), text.Receipt{Reference: sid, Listed: "USD", State: text.Delivered, Cost: 7_500, Currency: "USD", Priced: true}, nil},
		"without a signature":  {tw.Receipts, signed("delivered", nil, func(r *text.Report) { r.Header = http.Header{} }), text.Receipt{}, text.ErrForged},
		"a changed state":      {tw.Receipts, signed("sent", nil, func(r *text.Report) { r.Form.Set("MessageStatus", "delivered") }), text.Receipt{}, text.ErrForged},
		"for another address":  {tw.Receipts, signed("delivered", nil, func(r *text.Report) { r.URL += "?x=1" }), text.Receipt{}, text.ErrForged},
		"named":                {tw.Receipts, named("txt_1", "delivered"), text.Receipt{Reference: sid, Report: "txt_1", Listed: "USD", State: text.Delivered}, nil},
		"named as no text is":  {tw.Receipts, named("msg_1", "delivered"), text.Receipt{}, text.ErrUnreadable},
		"of another text":      {tw.Receipts, other, text.Receipt{}, text.ErrForged},
		"no identifier":        {tw.Receipts, signed("delivered", url.Values{"MessageSid": {"x"}}, nil), text.Receipt{}, text.ErrUnreadable},
		"of the gateway":       {gw.Receipts, told("application/json", `{"id":"7","state":"delivered","price":0.05,"currency":"eur"}`, texttest.ReceiptSecret), text.Receipt{Reference: "7", State: text.Delivered, Cost: 50_000, Currency: "EUR", Priced: true}, nil},
		"of the gateway, form": {gw.Receipts, told("application/x-www-form-urlencoded", "id=7&state=expired", texttest.ReceiptSecret), text.Receipt{Reference: "7", State: text.Failed}, nil},
		"in the address":       {gw.Receipts, told("", "", texttest.ReceiptSecret), text.Receipt{Reference: "q", State: text.Underway}, nil},
		"another secret":       {gw.Receipts, told("application/json", `{"id":"7","state":"delivered"}`, "other"), text.Receipt{}, text.ErrForged},
		"no secret":            {gw.Receipts, told("application/json", `{"id":"7","state":"delivered"}`, ""), text.Receipt{}, text.ErrForged},
		"no reference":         {gw.Receipts, told("application/json", `{"state":"delivered"}`, texttest.ReceiptSecret), text.Receipt{}, text.ErrUnreadable},
	} {
		got, err := row.by.Judge(row.r)
		if err != row.err || got != row.want { //nolint:errorlint // these are returned as they are
			t.Errorf("%s: %+v, %v; want %+v, %v", name, got, err, row.want, row.err)
		}
	}
}

func TestPrices(t *testing.T) {
	for written, want := range map[string]int64{"0": 0, "1": 1_000_000, "0.0075": 7_500, "0.0000019": 1, "12.5": 12_500_000} {
		if got, ok := text.Micros(written); !ok || got != want {
			t.Errorf("%s: %d, %v", written, got, ok)
		}
	}
	for _, written := range []string{"", "-1", "1,5", ".5", "1.", "NaN", "1e3", "12345678"} {
		if got, ok := text.Micros(written); ok {
			t.Errorf("%q is %d", written, got)
		}
	}
}

// A sign-in that is given up takes nobody else's time.
func TestASendingThatIsGivenUp(t *testing.T) {
	slow, next := texttest.NewGateway(t), texttest.NewGateway(t)
	slow.Be(texttest.Slow)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := parse(t, time.Minute, slow.Entry("slow"), next.Entry("next")).Send(ctx, message())
	if err == nil || next.Asked() != 0 {
		t.Errorf("%v, the next was asked %d times", err, next.Asked())
	}
}

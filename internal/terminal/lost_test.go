package terminal_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"countersign/internal/message"
	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

// losing is a network on which answers to calls of a path break off: the server has done
// what it was asked, and only the device does not know.
func losing(inner transport, path string, times int) transport {
	return func(r *http.Request) (*http.Response, error) {
		response, err := inner(r)
		if err == nil && times > 0 && strings.HasSuffix(r.URL.Path, path) {
			times--
			_ = response.Body.Close()
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
		}
		return response, err
	}
}

// broken is a connection that was lost.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A lost answer to the secret of its own codes is asked for again.
func TestALostSecret(t *testing.T) {
	i := install(t)
	d := i.pairAs(t, app(), terminal.Code{Long: i.begin(t).Code})
	honest := i.transport
	i.transport = losing(honest, "/device/v1/code", 1)
	d = reopened(t, i, d)
	_, err := d.Code(t.Context())
	if _, again := terminal.Again(err); err == nil || !again {
		t.Fatalf("an answer that broke off: %v, again: %t", err, again)
	}
	h, err := d.Hello(t.Context())
	if err != nil || !h.Code {
		t.Errorf("hello says that it may ask: %t, %v", h.Code, err)
	}
	secret, err := d.Code(t.Context())
	if err != nil || len(secret.Secret) != 20 {
		t.Errorf("%+v, %v", secret, err)
	}
}

// reopened is a device as it comes from its file, on the network as it is now.
func reopened(t *testing.T, i *installation, d *terminal.Device) *terminal.Device {
	t.Helper()
	folder := terminal.Folder{Path: t.TempDir()}
	err := errors.Join(d.Lock("491625"), folder.Save(d))
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Transport, o.Now = i.transport, i.Clock.Now
	again, err := folder.Open(d.ID, o)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// A lost answer to the mailed code, and to what is waited for, ends no pairing.
func TestALostConfirmation(t *testing.T) {
	i := install(t)
	i.transport = losing(losing(i.transport, "/pairings/confirm", 2), "/pairings/state", 2)
	p, err := i.client(t).Claim(t.Context(), terminal.Code{Long: i.begin(t).Code}, about())
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := p.Join(t.Context())
	if err != nil {
		t.Fatalf("%v\n%s", err, i.Log)
	}
	_, err = p.SendCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code := digitsIn(i.Mail(t, message.PairingCode, "ada@example.com").Text)
	err = p.ConfirmCode(t.Context(), code)
	if err != nil {
		t.Fatalf("the mailed code: %v\n%s", err, i.Log)
	}
	err = p.Await(t.Context(), terminal.Confirmed)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.First(t.Context())
	if err != nil || r.Kind != "test" {
		t.Errorf("the first request: %+v, %v", r, err)
	}
	wantCode(t, "another code, then", p.ConfirmCode(t.Context(), "x"), terminal.PairingOver)
}

// A network that loses everything is not asked without end.
func TestANetworkThatLosesEverything(t *testing.T) {
	s := terminaltest.New(t)
	s.Confirms = []string{"email"}
	calls := 0
	o := options()
	o.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/confirm") {
			calls++
			return nil, errors.New("connection refused")
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	c, err := terminal.New(s.URL(), o)
	if err != nil {
		t.Fatal(err)
	}
	link, _ := s.Pairing()
	_, code, err := terminal.ParseLink(link, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Claim(t.Context(), code, about())
	if err == nil {
		_, _, err = p.Join(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	err = p.ConfirmCode(t.Context(), s.Mailed)
	if err == nil || calls < 2 || calls > 10 {
		t.Errorf("%d calls: %v", calls, err)
	}
}

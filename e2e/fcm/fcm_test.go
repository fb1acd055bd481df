package fcm

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/notify"
	"countersign/internal/outside"
	"countersign/internal/seal"
	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
)

// set is a browser's side of the service, without a browser, and a sender.
type set struct {
	t          *testing.T
	s          *Service
	now        atomic.Int64
	sender     *notify.WebPush
	key        string
	id, secret uint64
	endpoint   string
	keys       webpush.Keys
}

func newSet(t *testing.T) *set {
	t.Helper()
	x := &set{t: t}
	x.now.Store(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Unix())
	clock := func() time.Time { return time.Unix(x.now.Load(), 0) }
	x.s = Start(t, clock)
	identity, err := webpush.NewIdentity(seal.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	x.key = identity.Public()
	x.sender = notify.NewWebPush(notify.PushOptions{
		Identity: identity, Subject: "https://mfa.example.org", Hosts: []string{Host}, Now: clock, Random: seal.Bytes,
		Outside: outside.Options{Dial: x.s.Dial, Roots: x.s.Roots()},
	})
	browser := webpushtest.New(t)
	x.keys, err = webpush.ParseKeys(browser.P256DH(), browser.Auth())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range x.fields(x.post("gcm-checkin-url", "application/x-protobuf", "", nil)) {
		switch v.field {
		case 7:
			x.id = v.number
		case 8:
			x.secret = v.number
		}
	}
	token, found := strings.CutPrefix(x.register("wp:http://localhost/#1", ""), "token=")
	if !found {
		t.Fatalf("registered: %s", token)
	}
	x.endpoint = "https://" + Host + "/fcm/send/" + token
	return x
}

func (x *set) fields(body []byte) []value {
	x.t.Helper()
	values, err := read(body)
	if err != nil {
		x.t.Fatal(err)
	}
	return values
}

func (x *set) post(flag, kind, authorization string, body []byte) []byte {
	x.t.Helper()
	request, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, x.s.Flags()[flag], bytes.NewReader(body))
	if err != nil {
		x.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Authorization", authorization)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		x.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		x.t.Fatalf("%s: %s %v", flag, response.Status, err)
	}
	return answer
}

func (x *set) register(subtype, remove string) string {
	x.t.Helper()
	form := url.Values{"app": {"test"}, "X-subtype": {subtype}, "sender": {x.key}, "device": {strconv.FormatUint(x.id, 10)}, "delete": {remove}}
	return string(x.post("gcm-registration-url", "application/x-www-form-urlencoded",
		"AidLogin "+strconv.FormatUint(x.id, 10)+":"+strconv.FormatUint(x.secret, 10), []byte(form.Encode())))
}

func (x *set) push(topic string) error {
	return x.sender.Send(x.t.Context(), notify.Push{Endpoint: x.endpoint, Keys: x.keys, Body: []byte("text"), Topic: topic, Life: time.Minute})
}

// call connects as a browser does and logs in.
func (x *set) call(secret uint64, arrived ...string) (*tls.Conn, *bufio.Reader, error) {
	x.t.Helper()
	roots := x509.NewCertPool()
	address := strings.TrimPrefix(x.s.Flags()["gcm-mcs-endpoint"], "https://")
	config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, InsecureSkipVerify: true} // #nosec G402 -- the browser is told the key
	connection, err := (&tls.Dialer{Config: config}).DialContext(x.t.Context(), "tcp", address)
	if err != nil {
		x.t.Fatal(err)
	}
	line, ok := connection.(*tls.Conn)
	if !ok {
		x.t.Fatal("no TLS")
	}
	x.t.Cleanup(func() { _ = line.Close() })
	login := text(text(nil, 3, strconv.FormatUint(x.id, 10)), 5, strconv.FormatUint(secret, 10))
	for _, id := range arrived {
		login = text(login, 10, id)
	}
	_, err = line.Write([]byte{version})
	if err == nil {
		err = packet(line, loginRequest, login)
	}
	if err != nil {
		return nil, nil, err
	}
	_ = line.SetReadDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(line)
	v, err := r.ReadByte()
	if err == nil && v == version {
		_, _, err = receive(r)
	}
	return line, r, err
}

// next is the identifier and the address of the next message on a line.
func (x *set) next(r *bufio.Reader) (string, string) {
	x.t.Helper()
	tag, body, err := receive(r)
	if err != nil || tag != dataMessage {
		x.t.Fatalf("tag %d: %v", tag, err)
	}
	var id, sender string
	for _, v := range x.fields(body) {
		switch v.field {
		case 3:
			sender = v.text
		case 9:
			id = v.text
		}
	}
	return id, sender
}

func (x *set) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// silent tells whether the line has nothing but the answer to a heartbeat.
func (x *set) silent(line *tls.Conn, r *bufio.Reader) {
	x.t.Helper()
	x.must(packet(line, heartbeatPing, nil))
	tag, _, err := receive(r)
	if err != nil || tag != heartbeatAck {
		x.t.Errorf("the line says tag %d: %v", tag, err)
	}
}

func TestMessagesWaitForALine(t *testing.T) {
	x := newSet(t)
	x.must(x.push("a topic"))
	x.must(x.push("a topic")) // takes the place of the first
	x.must(x.push(""))
	line, r, err := x.call(x.secret)
	x.must(err)
	first, sender := x.next(r)
	second, _ := x.next(r)
	if first == second || sender != x.key {
		t.Errorf("arrived: %s and %s from %s", first, second, sender)
	}
	x.silent(line, r)
	x.must(x.push(""))
	third, _ := x.next(r)

	line, r, err = x.call(x.secret, first, second) // again, without the third
	x.must(err)
	if got, _ := x.next(r); got != third {
		t.Errorf("%s comes again; want %s", got, third)
	}
	x.silent(line, r)

	x.s.Cut()
	x.must(x.push(""))
	_, r, err = x.call(x.secret, first, second, third)
	if err == nil {
		_, _, err = receive(r)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("without reception the line says %v", err)
	}
	x.s.Mend()
	_, r, err = x.call(x.secret, first, second, third)
	x.must(err)
	if got, _ := x.next(r); got == third {
		t.Error("the third comes again")
	}
	x.now.Add(3600)
	line, r, err = x.call(x.secret)
	x.must(err)
	x.silent(line, r) // all are too old
}

func TestWhoIsUnknownIsRefused(t *testing.T) {
	x := newSet(t)
	_, _, err := x.call(x.secret + 1)
	if err == nil {
		t.Error("a device with a wrong secret gets a line")
	}
	if got := x.register("own:service", ""); !strings.HasPrefix(got, "token=") || len(x.s.Endpoints()) != 1 {
		t.Errorf("what is the browser's own got %s, endpoints %q", got, x.s.Endpoints())
	}
	x.must(x.push(""))
	if got := x.register("wp:http://localhost/#1", "true"); got != "deleted=test" || len(x.s.Endpoints()) != 0 {
		t.Errorf("deleted: %s, endpoints %q", got, x.s.Endpoints())
	}
	if err := x.push(""); !notify.Gone(err) {
		t.Errorf("a push to a subscription that was given up: %v", err)
	}
	if got := x.s.Pushes(); len(got) != 1 || got[0].TTL != 60 || got[0].Urgency != "high" || got[0].Endpoint != x.endpoint {
		t.Errorf("pushed: %+v", got)
	}
	x.secret++
	if got := x.register("wp:http://localhost/#2", ""); got != "Error=AUTHENTICATION_FAILED" {
		t.Errorf("with a wrong secret: %s", got)
	}
}

func TestNonsenseIsNoMessage(t *testing.T) {
	whole := eight(number(text(nil, 1, "text"), 2, 300), 3, 7)
	for n := range whole {
		values, err := read(whole[:n])
		if err == nil && len(values) > 2 {
			t.Errorf("%d octets of %d are read as %v", n, len(whole), values)
		}
	}
	for _, wrong := range [][]byte{{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f}, {0x0b}, {0x80}, {0x09, 1}, {0x08}} {
		_, err := read(wrong)
		if err == nil {
			t.Errorf("%x is read", wrong)
		}
	}
}

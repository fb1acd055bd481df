package fcm

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/e2e/authority"
	"countersign/internal/webpush/webpushtest"
)

// Host is the name in the endpoints that Chromium hands out when it was built without
// its vendor's keys, as Debian's is. A branded build says fcm.googleapis.com.
const Host = "jmt17.google.com"

// Service is the double. What a sender sees of it, and what makes it refuse, is
// [webpushtest.Service].
type Service struct {
	*webpushtest.Service

	now   func() time.Time
	web   *httptest.Server
	lines net.Listener
	pin   string // of the certificate that lines show

	mu      sync.Mutex
	devices map[uint64]*device
	cut     bool
	running sync.WaitGroup
}

// Start starts the service. It ends with tb. now is the clock that the sender has.
func Start(tb testing.TB, now func() time.Time) *Service {
	tb.Helper()
	config, _, err := authority.For("localhost")
	if err != nil {
		tb.Fatal(err)
	}
	own, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256(own.RawSubjectPublicKeyInfo)
	lines, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		tb.Fatal(err)
	}
	s := &Service{
		Service: webpushtest.Start(tb, Host, now), now: now, lines: lines,
		pin: base64.StdEncoding.EncodeToString(sum[:]), devices: map[uint64]*device{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /checkin", s.checkIn)
	mux.HandleFunc("POST /register", s.register)
	s.web = httptest.NewServer(mux)
	s.running.Go(s.listen)
	tb.Cleanup(func() {
		s.web.Close()
		_ = s.lines.Close()
		s.Cut()
		s.running.Wait()
	})
	return s
}

// Flags let a Chromium take this for its vendor's service.
func (s *Service) Flags() map[string]string {
	_, port, _ := net.SplitHostPort(s.lines.Addr().String())
	_, webPort, _ := net.SplitHostPort(s.web.Listener.Addr().String())
	return map[string]string{
		"gcm-checkin-url":                     "http://localhost:" + webPort + "/checkin",
		"gcm-registration-url":                "http://localhost:" + webPort + "/register",
		"gcm-mcs-endpoint":                    "https://localhost:" + port,
		"ignore-certificate-errors-spki-list": s.pin,
	}
}

const mostRequest = 1 << 20

// checkIn makes a device known, or knows it again (checkin.proto).
func (s *Service) checkIn(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, mostRequest))
	values, wrong := read(body)
	if err != nil || wrong != nil {
		http.Error(w, "no check-in", http.StatusBadRequest)
		return
	}
	var id uint64
	for _, v := range values {
		if v.field == 2 { // AndroidCheckinRequest.id
			id = v.number
		}
	}
	s.mu.Lock()
	if s.devices[id] == nil {
		id = uint64(4_000_000_000 + len(s.devices)) // #nosec G115 -- a few
		s.devices[id] = &device{}
	}
	s.mu.Unlock()
	answer := number(nil, 1, 1) // stats_ok
	answer = number(answer, 3, milliseconds(time.Now()))
	answer = eight(answer, 7, id)           // android_id
	answer = eight(answer, 8, secretOf(id)) // security_token
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(answer)
}

// secretOf is what a device shows for itself from then on.
func secretOf(id uint64) uint64 { return id * 7 }

func milliseconds(t time.Time) uint64 { return uint64(t.UnixMilli()) } // #nosec G115 -- after 1970

// register makes a subscription (registration_request.cc). The sender is the
// applicationServerKey that the page gave, in base64url.
func (s *Service) register(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostRequest)
	id, err := strconv.ParseUint(r.FormValue("device"), 10, 64)
	s.mu.Lock()
	d := s.devices[id]
	s.mu.Unlock()
	if err != nil || d == nil || r.Header.Get("Authorization") != fmt.Sprintf("AidLogin %d:%d", id, secretOf(id)) {
		_, _ = io.WriteString(w, "Error=AUTHENTICATION_FAILED")
		return
	}
	to := address{app: r.FormValue("app"), subtype: r.FormValue("X-subtype"), sender: r.FormValue("sender")}
	if r.FormValue("delete") == "true" {
		s.DropEndpoint(d.leave(to))
		_, _ = io.WriteString(w, "deleted="+to.app)
		return
	}
	token := make([]byte, 16)
	_, _ = rand.Read(token)
	if !strings.HasPrefix(to.subtype, "wp:") { // the browser's own, not a page's
		_, _ = io.WriteString(w, "token="+hex.EncodeToString(token))
		return
	}
	one := s.Register("/fcm/send/"+hex.EncodeToString(token), to.sender, func(push *webpushtest.Push, body []byte) error {
		d.take(to, push, body, s.now())
		return nil
	})
	d.join(to, one.Endpoint)
	_, _ = io.WriteString(w, "token="+hex.EncodeToString(token))
}

// Cut ends all lines and lets no new one come up, as where there is no reception;
// messages wait until [Service.Mend]. A browser tries again after ten seconds or more.
func (s *Service) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	for _, d := range s.devices {
		d.hangUp()
	}
}

// Mend ends what [Service.Cut] began.
func (s *Service) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = false
}

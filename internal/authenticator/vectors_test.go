package authenticator_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/authenticator"
	"countersign/internal/message"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
	"countersign/internal/web"
	"countersign/internal/words"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

type callVector struct {
	Name, Issuer, Device, Key, Method, Path, Query, Body, Base, Signature string

	ContentType    string `json:"content_type"`
	ContentDigest  string `json:"content_digest"`
	SignatureInput string `json:"signature_input"`
}

type vectorFile struct {
	Calls         []callVector
	Registrations []struct {
		Credential, User string
		COSE             string `json:"cose_key"`
		ClientData       string `json:"client_data"`
		Counter          int64
	}
}

// vectors are those of the document, computed by another program.
func vectors(t *testing.T) vectorFile {
	t.Helper()
	text, err := os.ReadFile("../method/push/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all vectorFile
	err = json.Unmarshal(text, &all)
	if err != nil || len(all.Calls) < 6 || len(all.Registrations) < 2 {
		t.Fatalf("there are too few vectors, %v", err)
	}
	return all
}

func octets(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// knowing is a server to which the device of the vectors is paired.
func knowing(t *testing.T, e *accounttest.Engine, all vectorFile) http.Handler {
	t.Helper()
	person, verifying := e.Guarded(t, "ada@example.com"), all.Registrations[0]
	id := countersign.DeviceID(all.Calls[0].Device)
	e.Write(t, func(tx *store.Tx) error {
		err := tx.InsertDevice(tx.Ctx, rows.InsertDeviceParams{
			WorkspaceID: accounttest.Workspace, ID: id, UserID: person.ID, Kind: approve.KindApp, Name: "Pixel 9", Version: "1.0.0",
			DeviceKey: octets(t, all.Calls[0].Key), VerifyID: octets(t, verifying.Credential), VerifyKey: octets(t, verifying.COSE),
			VerifyUser: octets(t, verifying.User), Counter: verifying.Counter, Biometrics: 1, Notifications: "none", Subscription: []byte{},
			Delivery: message.DeliveryNone, CreatedAt: tx.NowMilli(),
		})
		if err != nil {
			return err
		}
		_, err = tx.ConfirmDevice(tx.Ctx, accounttest.Workspace, id)
		if err != nil {
			return err
		}
		_, err = tx.ActivateDevice(tx.Ctx, rows.ActivateDeviceParams{Now: tx.NowMilli(), Name: "Pixel 9", WorkspaceID: accounttest.Workspace, ID: id})
		return err
	})
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse(accounttest.URL)
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Catalogue: catalogue, Log: slog.New(slog.DiscardHandler), Now: e.Clock.Now, NewID: func() string { return seal.ID("rid") }, URL: public,
		Workspace: func(context.Context) (web.Workspace, error) { return web.Workspace{Name: "Acme"}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	authenticator.MountProtocol(mux, authenticator.Options{Site: site, Devices: e.Devices, Approvals: e.Approvals, Now: e.Clock.Now})
	return site.Wrap(mux)
}

// send makes the call as it is written, and gives the status and the code of a problem.
func (v callVector) send(t *testing.T, server http.Handler) string {
	t.Helper()
	target := v.Path
	if v.Query != "" {
		target += "?" + v.Query
	}
	r := httptest.NewRequestWithContext(t.Context(), v.Method, accounttest.URL+target, strings.NewReader(v.Body))
	for name, value := range map[string]string{
		"Content-Type": v.ContentType, "Content-Digest": v.ContentDigest, "Signature-Input": v.SignatureInput, "Signature": v.Signature,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	if w.Code == http.StatusOK {
		return "200"
	}
	var problem struct{ Code string }
	err := json.Unmarshal(w.Body.Bytes(), &problem)
	if err != nil {
		t.Errorf("%s: %s, %v", v.Name, w.Body, err)
	}
	return fmt.Sprint(w.Code, " ", problem.Code)
}

// The server takes each signed call of the vectors, at the time at which it was signed,
// and those that change something once.
func TestTheServerTakesTheCallsOfTheVectors(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		all := vectors(t)
		server := knowing(t, e, all)
		expected := map[string]struct{ first, again string }{
			"hello":    {"200", "409 device_replayed"},
			"requests": {"200", "200"},
			// Its signature holds; what it answers was asked elsewhere.
			"approve": {"404 no_such_request", "404 no_such_request"},
			"test":    {"200", "409 device_replayed"},
			"sign-in": {"200", "409 device_replayed"},
		}
		for _, v := range all.Calls {
			want, known := expected[v.Name]
			if !known {
				continue
			}
			if v.Issuer != accounttest.URL {
				t.Errorf("%s is for another server", v.Name)
			}
			delete(expected, v.Name)
			for part, text := range map[string]*string{
				"path": &v.Path, "query": &v.Query, "body": &v.Body, "digest": &v.ContentDigest, "input": &v.SignatureInput, "signature": &v.Signature,
			} {
				was := *text
				for _, at := range []int{0, len(was) / 3, len(was) / 2, len(was) - 7, len(was) - 2} {
					if part == "path" {
						at = max(at, len(was)-3) // on the same route
					}
					if at < 0 || at >= len(was) || v.Name != "approve" && part == "path" {
						continue
					}
					*text = was[:at] + string(other(was[at])) + was[at+1:]
					if got := v.send(t, server); !slices.Contains([]string{"401 device_signature", "401 device_unknown"}, got) {
						t.Errorf("%s with another octet %d of the %s: %s", v.Name, at, part, got)
					}
				}
				*text = was
			}
			if got := v.send(t, server); got != want.first {
				t.Errorf("%s: %s, want %s\n%s", v.Name, got, want.first, e.Log)
			}
			if got := v.send(t, server); got != want.again {
				t.Errorf("%s once more: %s, want %s", v.Name, got, want.again)
			}
			e.Advance(t, time.Minute)
			if got := v.send(t, server); got != "401 device_clock" {
				t.Errorf("%s a minute later: %s", v.Name, got)
			}
			e.Advance(t, -time.Minute)
		}
		if len(expected) > 0 {
			t.Errorf("not among the vectors: %v", expected)
		}
	})
}

// other is another letter that may stand where one does.
func other(letter byte) byte {
	if letter == 'a' {
		return 'b'
	}
	return 'a'
}

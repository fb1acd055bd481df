package authenticator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"countersign/internal/account/accounttest"
)

// Whatever a body is, its sender is told what is wrong with it, on both databases alike.
func TestBodiesThatAreWrong(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		server := knowing(t, e, vectors(t))
		for _, row := range []struct{ sentence, step, body, want string }{
			{"nothing", "state", ``, "422 bad_json"},
			{"a list", "confirm", `[]`, "422 bad_json"},
			{"a text for a number", "state", `{"token":"x","wait":"5"}`, "422 bad_json"},
			{"a key that is no base64url", "join", `{"token":"x","key":"="}`, "422 bad_json"},
			{"more than there may be", "claim", strings.Repeat(" ", 16<<10+1), "413 too_large"},
			{"a NUL in a token", "state", `{"token":"par_\u0000.x"}`, "422 bad_text"},
			{"a NUL where keys are sent", "join", `{"token":"par_\u0000.x"}`, "422 bad_text"},
			{"a NUL behind a backslash", "join", `{"token":"\\\u0000"}`, "422 bad_text"},
			{"what only looks like one", "join", `{"token":"par_\\u0000.x"}`, "410 pairing_over"},
			{"a kind that there is not", "claim", `{"code":"x","device":{"kind":"watch"}}`, "422 device_kind"},
			{"a code of nobody", "claim", `{"code":"x","device":{"kind":"app"}}`, "410 pairing_over"},
		} {
			r := httptest.NewRequestWithContext(t.Context(), "POST", accounttest.URL+"/device/v1/pairings/"+row.step, strings.NewReader(row.body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			var problem struct{ Code string }
			err := json.Unmarshal(w.Body.Bytes(), &problem)
			if got := fmt.Sprint(w.Code, " ", problem.Code); err != nil || got != row.want {
				t.Errorf("%s: %s, %v; want %s", row.sentence, got, err, row.want)
			}
		}
	})
}

// A body that is cut off on its way is its sender's to send again.
func TestBodiesThatAreCutOff(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		server := knowing(t, e, vectors(t))
		for _, call := range []string{"POST /device/v1/pairings/state", "GET /device/v1/history"} {
			method, path, _ := strings.Cut(call, " ")
			body := io.MultiReader(strings.NewReader(`{"token":`), iotest.ErrReader(io.ErrUnexpectedEOF))
			r := httptest.NewRequestWithContext(t.Context(), method, accounttest.URL+path, body)
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"bad_body"`) {
				t.Errorf("%s: %d %s", call, w.Code, w.Body)
			}
		}
	})
}

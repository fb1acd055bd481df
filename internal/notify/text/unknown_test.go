package text_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/notify/text"
	"countersign/internal/notify/text/texttest"
)

// Who was reached and did not say what it did may have taken the text; who says that it
// did not, or cannot be reached, has not.
func TestWhoMayHaveTakenAText(t *testing.T) {
	gateway, twilio, sns := texttest.NewGateway(t), texttest.NewTwilio(t), texttest.NewSNS(t)
	for name, one := range map[string]interface {
		Be(texttest.Mood)
		Entry(string) string
	}{"gw": gateway, "twilio": twilio, "sns": sns} {
		for mood, unknown := range map[texttest.Mood]bool{
			texttest.Slow: true, texttest.Cut: true, texttest.Absurd: true, texttest.Down: false, texttest.Lying: false,
		} {
			one.Be(mood)
			taken, err := parse(t, 200*time.Millisecond, one.Entry(name)).Send(t.Context(), message())
			if err == nil || errors.Is(err, text.ErrUnknown) != unknown || (len(taken.Maybe) == 1) != unknown {
				t.Errorf("%s in mood %d: %v, %+v", name, mood, err, taken)
			}
			if unknown && taken.Maybe[0].Provider != name {
				t.Errorf("%s in mood %d: %+v", name, mood, taken)
			}
		}
	}
	for status, unknown := range map[int]bool{http.StatusBadGateway: true, http.StatusGatewayTimeout: true, http.StatusInternalServerError: false, http.StatusTooManyRequests: false} {
		address := texttest.Listen(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(status) })
		_, err := parse(t, 0, plainGateway(address)).Send(t.Context(), message())
		if err == nil || errors.Is(err, text.ErrUnknown) != unknown || !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("%d: %v", status, err)
		}
	}
	_, err := parse(t, 0, plainGateway("http://127.0.0.1:1")).Send(t.Context(), message())
	if err == nil || errors.Is(err, text.ErrUnknown) {
		t.Errorf("nobody listens there: %v", err)
	}
}

// plainGateway is one that is believed by its status alone.
func plainGateway(address string) string {
	return "[[provider]]\nkind = 'gateway'\ninside = true\naccepted = [200]\nreference_field = 'id'\nbody = '{to} {text}'\nurl = '" + address + "'\n"
}

// The next is asked when one may have taken it, and no other once two may: each costs.
func TestATextGoesToTwoAtMost(t *testing.T) {
	for name, row := range map[string]struct {
		moods   [4]texttest.Mood
		asked   [4]int
		maybe   int
		unknown bool
	}{
		"the next takes it":              {[4]texttest.Mood{texttest.Slow}, [4]int{1, 1}, 1, false},
		"two do not say":                 {[4]texttest.Mood{texttest.Cut, texttest.Absurd}, [4]int{1, 1}, 2, true},
		"one refuses between":            {[4]texttest.Mood{texttest.Cut, texttest.Down, texttest.Slow}, [4]int{1, 1, 1}, 2, true},
		"one does not, the rest refuses": {[4]texttest.Mood{texttest.Down, texttest.Cut, texttest.Down, texttest.Lying}, [4]int{1, 1, 1, 1}, 1, true},
	} {
		var all [4]*texttest.Gateway
		var entries []string
		for i := range all {
			all[i] = texttest.NewGateway(t)
			all[i].Be(row.moods[i])
			entries = append(entries, all[i].Entry(fmt.Sprint("p", i)))
		}
		taken, err := parse(t, 300*time.Millisecond, entries...).Send(t.Context(), message())
		if (err != nil) != row.unknown || errors.Is(err, text.ErrUnknown) != row.unknown || len(taken.Maybe) != row.maybe {
			t.Errorf("%s: %v, %+v", name, err, taken)
		}
		for i, one := range all {
			if one.Asked() != row.asked[i] {
				t.Errorf("%s: provider %d was asked %d times, want %d", name, i, one.Asked(), row.asked[i])
			}
		}
	}
}

// stuck is a sender that nobody reaches.
type stuck struct{ asked *int }

func (s stuck) Send(ctx context.Context, _ text.Message) (string, error) {
	*s.asked++
	<-ctx.Done()
	return "", errors.New("it cannot be reached")
}

// However many are listed, a text is done before another worker would take it up.
func TestAllTogetherTakeNoLongerThanThree(t *testing.T) {
	const patience = 100 * time.Millisecond
	asked := 0
	var list []text.Provider
	for i := range 20 {
		list = append(list, text.Provider{Name: fmt.Sprint(i), Sender: stuck{&asked}})
	}
	_, err := text.New(list, patience).Send(t.Context(), message())
	if err == nil || asked < 3 || asked > 4 {
		t.Errorf("%d were asked: %v", asked, err)
	}
	gateway := texttest.NewGateway(t)
	var file strings.Builder
	for i := range text.Most + 1 {
		if i == text.Most {
			_, err = text.Parse([]byte(file.String()), text.Options{Now: now})
			if err != nil {
				t.Errorf("%d providers: %v", i, err)
			}
		}
		file.WriteString(gateway.Entry(fmt.Sprint("p", i)))
	}
	_, err = text.Parse([]byte(file.String()), text.Options{Now: now})
	if err == nil || !strings.Contains(err.Error(), "more than 5") {
		t.Errorf("%d providers: %v", text.Most+1, err)
	}
}

// odd are names that no database must be asked to keep.
func odd() map[string]string {
	return map[string]string{"a NUL": `"a\u0000b"`, "a space": `"a b"`, "a line": `"a\nb"`, "no ASCII": `"ä"`, "too long": `"` + strings.Repeat("x", 201) + `"`, "none": `null`}
}

// A text that was taken stays so, whatever it is called: it would be sent again.
func TestAnOddReferenceInAnAnswer(t *testing.T) {
	for name, id := range odd() {
		address := texttest.Listen(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, `{"id":`+id+`}`) })
		taken, err := parse(t, 0, plainGateway(address)).Send(t.Context(), message())
		if err != nil || taken.Reference != "" || taken.Provider != "gateway" {
			t.Errorf("%s: %v, %+v", name, err, taken)
		}
	}
}

// A report on a text of such a name is none.
func TestAnOddReferenceInAReport(t *testing.T) {
	gw, _ := parse(t, 0, texttest.NewGateway(t).Entry("gw")).Find("gw")
	report := func(id string) error {
		_, err := gw.Receipts.Judge(text.Report{
			Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(`{"state":"delivered","id":` + id + `}`), Secret: texttest.ReceiptSecret,
		})
		return err
	}
	for name, id := range odd() {
		if err := report(id); !errors.Is(err, text.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := report(`"` + strings.Repeat("x", 200) + `"`); err != nil {
		t.Errorf("200 octets: %v", err)
	}
}

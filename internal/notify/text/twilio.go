package text

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs with HMAC-SHA-1, which does not need SHA-1 to resist collisions
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Twilio hands texts to Twilio's API of 2010-04-01.
type Twilio struct {
	// Base is the API's address without a slash at the end.
	Base string
	// Account is the account's identifier (AC…), Key and Secret what it is asked with: the
	// account and its token, or an API key.
	Account, Key, Secret string
	// From is a number or a name; Service, in its place, a messaging service (MG…).
	From, Service string
	// Callback is where reports go, "" for none.
	Callback string
	client   *http.Client
}

// messageSID is how Twilio calls a message.
var messageSID = regexp.MustCompile(`^[SM]M[0-9a-f]{32}$`)

// Send posts the message. It was taken where Twilio answers 201 with the identifier of a
// message that has not failed.
func (t *Twilio) Send(ctx context.Context, m Message) (string, error) {
	form := url.Values{"To": {m.To}, "Body": {m.Body}}
	if t.Service != "" {
		form.Set("MessagingServiceSid", t.Service)
	} else {
		form.Set("From", t.From)
	}
	if t.Callback != "" {
		form.Set("StatusCallback", reportTo(t.Callback, m.Report))
	}
	// A code that comes when it is over is of no use, and costs.
	form.Set("ValidityPeriod", strconv.Itoa(max(int(m.Life.Seconds()), 1)))
	address := t.Base + "/2010-04-01/Accounts/" + url.PathEscape(t.Account) + "/Messages.json"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", errors.New("its address is none")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(t.Key, t.Secret)
	status, answer, err := exchange(t.client, request)
	if err != nil {
		return "", err
	}
	var said struct {
		SID    string `json:"sid"`
		Status string `json:"status"`
		Code   int    `json:"code"`
	}
	err = json.Unmarshal(answer, &said)
	switch {
	case status != http.StatusCreated:
		return "", fmt.Errorf("the server answered %d, error %d", status, said.Code)
	case err != nil || !messageSID.MatchString(said.SID):
		return "", unsure(errors.New("the server answered 201 and names no message"))
	case said.Status == "failed" || said.Status == "undelivered" || said.Status == "canceled":
		return "", errors.New("the server answered 201 and that it failed")
	}
	return said.SID, nil
}

// twilioReceipts judges the reports of Twilio.
type twilioReceipts struct {
	// token is the account's, with which reports are signed whatever key sends.
	token string
	// callback is the address that Twilio was told, but for the text's own name at its end.
	callback string
	listed   string
}

// reportTo is the address for the reports on one text. The name at its end finds the text
// before what Twilio calls it is kept.
func reportTo(callback, report string) string {
	if report == "" {
		return callback
	}
	return callback + "/" + report
}

// Judge checks X-Twilio-Signature: HMAC-SHA-1 under the account's token over the address
// and all fields, sorted by name (twilio.com/docs/usage/security).
func (t twilioReceipts) Judge(r Report) (Receipt, error) {
	form := r.Form
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || r.URL != reportTo(t.callback, r.Secret) || !hmac.Equal(signature, twilioSign(t.token, r.URL, form)) {
		return Receipt{}, ErrForged
	}
	sid := form.Get("MessageSid")
	if !messageSID.MatchString(sid) || r.Secret != "" && !reportForm.MatchString(r.Secret) {
		return Receipt{}, ErrUnreadable
	}
	out := Receipt{Reference: sid, Report: r.Secret, Listed: t.listed, State: Underway}
	switch form.Get("MessageStatus") {
	case "delivered", "read":
		out.State = Delivered
	case "failed", "undelivered", "canceled":
		out.State = Failed
	}
	out.Cost, out.Currency, out.Priced = priced(strings.TrimPrefix(form.Get("Price"), "-"), form.Get("PriceUnit"))
	return out, nil
}

func twilioSign(token, address string, form url.Values) []byte {
	var text strings.Builder
	text.WriteString(address)
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range form[name] {
			text.WriteString(name + value)
		}
	}
	mac := hmac.New(sha1.New, []byte(token))
	_, _ = mac.Write([]byte(text.String()))
	return mac.Sum(nil)
}

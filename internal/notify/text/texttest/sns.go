package texttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// SNS is the Publish action of the API of 2010-03-31. It signs each request again and
// compares.
type SNS struct {
	*taken
	URL, Region, KeyID, Secret string
}

// NewSNS starts one.
func NewSNS(tb testing.TB) *SNS {
	tb.Helper()
	s := &SNS{taken: newTaken(tb), Region: "eu-central-1", KeyID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"} //nolint:gosec // the example of Amazon's own documents
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	tb.Cleanup(server.Close)
	tb.Cleanup(func() { close(s.stop) })
	s.URL = server.URL
	return s
}

var signedBy = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)/[0-9]{8}/([a-z0-9-]+)/sns/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)

func (s *SNS) serve(w http.ResponseWriter, r *http.Request) {
	mood := s.ask()
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if s.gone(w, r, mood) {
		return
	}
	refuse := func(status int, code string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code)
	}
	form, formErr := url.ParseQuery(string(body))
	switch {
	case err != nil || formErr != nil || r.Method != http.MethodPost:
		refuse(http.StatusBadRequest, "InvalidParameter")
	case !s.signed(r, body):
		refuse(http.StatusForbidden, "SignatureDoesNotMatch")
	case form.Get("Action") != "Publish" || form.Get("Version") != "2010-03-31" || !number.MatchString(form.Get("PhoneNumber")) || form.Get("Message") == "":
		refuse(http.StatusBadRequest, "InvalidParameter")
	case form.Get("MessageAttributes.entry.1.Name") != "AWS.SNS.SMS.SMSType" || form.Get("MessageAttributes.entry.1.Value.StringValue") != "Transactional":
		refuse(http.StatusBadRequest, "ParameterValueInvalid")
	case mood == Lying:
		refuse(http.StatusOK, "Throttling")
	case mood == Absurd:
	default:
		id := fmt.Sprintf("94f20ce6-13c5-43a0-9a9e-%012x", s.Asked())
		s.keep(Text{To: form.Get("PhoneNumber"), Body: form.Get("Message"), Reference: id})
		_, _ = fmt.Fprintf(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>%s</MessageId></PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>`, id)
	}
}

func (s *SNS) signed(r *http.Request, body []byte) bool {
	found := signedBy.FindStringSubmatch(r.Header.Get("Authorization"))
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if found == nil || err != nil || found[1] != s.KeyID || found[2] != s.Region || !strings.Contains(found[3], "host") {
		return false
	}
	again, err := http.NewRequestWithContext(context.Background(), r.Method, "http://"+r.Host+r.URL.RequestURI(), strings.NewReader(string(body)))
	if err != nil {
		return false
	}
	again.Header.Set("Content-Type", r.Header.Get("Content-Type"))
	digest := sha256.Sum256(body)
	err = v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: s.KeyID, SecretAccessKey: s.Secret}, again, hex.EncodeToString(digest[:]), "sns", s.Region, at)
	return err == nil && again.Header.Get("Authorization") == r.Header.Get("Authorization")
}

// Entry is SNS in the file of texts.
func (s *SNS) Entry(name string) string {
	return `
[[provider]]
name = "` + name + `"
kind = "sns"
url = "` + s.URL + `"
inside = true
region = "` + s.Region + `"
key_id = "` + s.KeyID + `"
secret = "` + s.Secret + `"
`
}

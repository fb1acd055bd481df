package text

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// SNS hands texts to Amazon's Simple Notification Service (API of 2010-03-31).
type SNS struct {
	// Base is the service's address without a slash at the end, Region where it is.
	Base, Region string
	// KeyID and Secret are an access key that may do sns:Publish.
	KeyID, Secret string
	// SenderID is shown as the sender where a country allows that, "" for none.
	SenderID string
	now      func() time.Time
	client   *http.Client
}

// awsWord is an identifier or an error's name, which may stand in a log.
var awsWord = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)

// Send publishes the text to the number, signed by Signature Version 4. It was taken where
// the answer is 200 and names a message.
func (s *SNS) Send(ctx context.Context, m Message) (string, error) {
	form := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {m.To}, "Message": {m.Body}}
	attribute(form, 1, "AWS.SNS.SMS.SMSType", "Transactional")
	if s.SenderID != "" {
		attribute(form, 2, "AWS.SNS.SMS.SenderID", s.SenderID)
	}
	body := form.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Base+"/", strings.NewReader(body))
	if err != nil {
		return "", errors.New("its address is none")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	digest := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: s.KeyID, SecretAccessKey: s.Secret}, request, hex.EncodeToString(digest[:]), "sns", s.Region, s.now())
	if err != nil {
		return "", errors.New("the request cannot be signed")
	}
	status, answer, err := exchange(s.client, request)
	if err != nil {
		return "", err
	}
	var said struct {
		ID   string `xml:"PublishResult>MessageId"`
		Code string `xml:"Error>Code"`
	}
	err = xml.Unmarshal(answer, &said)
	switch {
	case awsWord.MatchString(said.Code):
		return "", fmt.Errorf("the server answered %d, %s", status, said.Code)
	case status != http.StatusOK:
		return "", fmt.Errorf("the server answered %d", status)
	case err != nil || !awsWord.MatchString(said.ID):
		return "", unsure(errors.New("the server answered 200 and names no message"))
	}
	return said.ID, nil
}

func attribute(form url.Values, n int, name, value string) {
	prefix := fmt.Sprintf("MessageAttributes.entry.%d.", n)
	form.Set(prefix+"Name", name)
	form.Set(prefix+"Value.DataType", "String")
	form.Set(prefix+"Value.StringValue", value)
}

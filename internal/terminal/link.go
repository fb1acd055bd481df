package terminal

import (
	"errors"
	"strings"
)

// Code is what starts a pairing: the one of the QR code, or the short one.
type Code struct {
	Long, Short string
}

// secret is the text that goes into the pairing challenge: the code as it was scanned,
// or the short one in capitals without what people put between. Its letters are those
// of Crockford's base 32, so that those which look like a digit are read as that.
func (c Code) secret() string {
	if c.Long != "" {
		return c.Long
	}
	return strings.NewReplacer("-", "", "–", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(c.Short))
}

// between is what parts the server's address from the code in a pairing's link.
const between = "/authenticator/#pair="

// ParseLink takes what a person got from the page: the link of the QR code, which names
// its server, or a short code together with the server's address. Errors: neither, or
// both that name different servers.
func ParseLink(text, server string) (string, Code, error) {
	text = strings.TrimSpace(text)
	address, code, isLink := strings.Cut(text, between)
	if !isLink {
		return shortCode(text, server)
	}
	issuer, err := issuerOf(address)
	if err != nil {
		return "", Code{}, err
	}
	if server != "" {
		other, err := issuerOf(server)
		if err != nil {
			return "", Code{}, err
		}
		if other != issuer {
			return "", Code{}, errors.New("the link is one of another server than the one that was named")
		}
	}
	if code == "" {
		return "", Code{}, errors.New("the link ends before the code; in a shell, put it between quotation marks")
	}
	return issuer, Code{Long: code}, nil
}

func shortCode(text, server string) (string, Code, error) {
	if strings.Contains(text, "/") {
		return "", Code{}, errors.New("this is not a link to pair with: such a one has " + between + " in it; in a shell, put it between quotation marks")
	}
	if server == "" {
		return "", Code{}, errors.New("a short code needs the server's address beside it")
	}
	issuer, err := issuerOf(server)
	if err != nil {
		return "", Code{}, err
	}
	code := Code{Short: text}
	if code.secret() == "" {
		return "", Code{}, errors.New("the short code is empty")
	}
	return issuer, code, nil
}

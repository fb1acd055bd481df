package site

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"

	"countersign/internal/seal"
	"countersign/internal/terminal"
)

var (
	pairingLink = regexp.MustCompile(`href="([^"]*/authenticator/#pair=[^"]+)"`)
	phoneNumber = regexp.MustCompile(`class="phone-number"[^>]*>(?:<bdi[^>]*>)?([0-9]+)<`)
)

const pairingPage = "/account/devices/pairing"

// ShownNumber is the number that a page shows for a phone, "" where it shows none.
func ShownNumber(page Answer) string {
	if found := phoneNumber.FindStringSubmatch(page.Body); found != nil {
		return found[1]
	}
	return ""
}

// Pair makes a new device one of the person's who is signed in to the client, and has
// proved a moment ago who they are: by the pages and the device protocol alone. Its kind
// is "app" or "terminal".
//
// Errors: those of the pages, with what they said; those of package terminal.
func (c *Client) Pair(ctx context.Context, about terminal.About, o terminal.Options) (*terminal.Device, error) {
	client, code, err := c.Reveal(o)
	if err != nil {
		return nil, err
	}
	d, err := terminal.Pair(ctx, client, code, about, terminal.Person{
		Digits: func(_ context.Context, digits string) error {
			typed := c.Post(pairingPage, "code", digits)
			if typed.Status != http.StatusSeeOther {
				return fmt.Errorf("type the digits: %s", typed)
			}
			return nil
		},
		Number: func(_ context.Context, r terminal.Request) (string, error) {
			if r.Number.Digits == 0 {
				return "", nil
			}
			number := ShownNumber(c.Get(pairingPage))
			if number == "" {
				return "", errors.New("the page of the pairing shows no number")
			}
			return number, nil
		},
	})
	if err != nil {
		return nil, err
	}
	done := c.Post(pairingPage, "act", "done")
	if done.Status != http.StatusSeeOther {
		return nil, fmt.Errorf("finish the pairing: %s", done)
	}
	return d, nil
}

// Reveal has the page show the code of a new pairing, as the one who is signed in to the
// client, and reads it: the program of a device that is about to be paired, and the code.
//
// Errors: those of the pages, with what they said; a link that is none.
func (c *Client) Reveal(o terminal.Options) (*terminal.Client, terminal.Code, error) {
	begun := c.Post("/account/devices/new")
	if begun.Status != http.StatusSeeOther {
		return nil, terminal.Code{}, fmt.Errorf("begin a pairing: %s", begun)
	}
	page := c.Get(pairingPage)
	link := pairingLink.FindStringSubmatch(page.Body)
	if link == nil {
		return nil, terminal.Code{}, fmt.Errorf("the page of the pairing shows no link: %s", page)
	}
	server, code, err := terminal.ParseLink(html.UnescapeString(link[1]), "")
	if err != nil {
		return nil, terminal.Code{}, err
	}
	client, err := terminal.New(server, o)
	return client, code, err
}

// Devices are what a device of package terminal is made with: the installation's clock,
// and its first node.
func (s *Site) Devices() terminal.Options {
	return terminal.Options{Now: s.Clock.Now, Random: seal.Bytes, Transport: s.transport(door{}), Version: "1.0.0", Language: "en"}
}

package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// creation is what of PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3, section
// 5.4) says how the verifying key is made. A terminal has no other credential for this
// server in the same place, so excludeCredentials excludes nothing.
type creation struct {
	Party struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID octets `json:"id"`
	} `json:"user"`
	Challenge  octets `json:"challenge"`
	Parameters []struct {
		Type      string `json:"type"`
		Algorithm int    `json:"alg"`
	} `json:"pubKeyCredParams"`
}

// readCreation reads the options and refuses those that a browser would: a relying party
// that this server's pages may not speak for, and a key of another kind than there is.
func readCreation(text json.RawMessage, issuer string) (creation, string, error) {
	var options creation
	err := json.Unmarshal(text, &options)
	if err != nil {
		return creation{}, "", fmt.Errorf("read the options of the verifying key: %w", err)
	}
	address, err := url.Parse(issuer)
	if err != nil {
		return creation{}, "", fmt.Errorf("read the server's address: %w", err)
	}
	if options.Party.ID == "" {
		options.Party.ID = address.Hostname()
	}
	if !speaksFor(address.Hostname(), options.Party.ID) {
		return creation{}, "", fmt.Errorf("the server asks for a verifying key of %q, which is neither its host nor above it", options.Party.ID)
	}
	if len(options.Challenge) < 16 || len(options.User.ID) == 0 || len(options.User.ID) > 64 {
		return creation{}, "", errors.New("the options of the verifying key have no challenge or no user")
	}
	for _, p := range options.Parameters {
		if p.Type == "public-key" && p.Algorithm == es256Algorithm {
			return options, address.Scheme + "://" + address.Host, nil
		}
	}
	if len(options.Parameters) == 0 { // the default has ES256
		return options, address.Scheme + "://" + address.Host, nil
	}
	return creation{}, "", errors.New("the server takes no verifying key of ES256")
}

// speaksFor tells whether pages of a host may use credentials of a relying party: of
// their own host or of a domain above it (WebAuthn Level 3, section 5.1.3, step 8), but
// not of a whole top-level domain.
func speaksFor(host, party string) bool {
	if host == party {
		return true
	}
	return net.ParseIP(host) == nil && strings.Contains(party, ".") && strings.HasSuffix(host, "."+party)
}

package notify

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
)

// security is how the line to a server is protected.
type security int

const (
	startTLS security = iota // plain, then STARTTLS or nothing
	implicit                 // TLS from the first byte
	plain                    // none
)

// server is a parsed SMTP address.
type server struct {
	host           string
	port           int
	security       security
	user, password string
}

// parseServer reads smtp://user:password@host:port?tls=… or smtps://…. No
// error repeats the address, because the password is in it.
func parseServer(address string) (server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return server{}, errors.New("not an address like smtp://user:password@mail.example.com:587 (special characters of the password are written as %40 and so on)")
	}
	s := server{host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	if s.host == "" {
		return server{}, errors.New("the mail server's host name is missing")
	}
	if (s.user == "") != (s.password == "") {
		return server{}, errors.New("user name and password go together; one of them is missing")
	}
	err = s.secure(u)
	if err != nil {
		return server{}, err
	}
	return s, s.choosePort(u.Port())
}

// secure decides the protection. The password travels over TLS only; without a
// password, a server on this very machine may be spoken to in the clear.
func (s *server) secure(u *url.URL) error {
	wish := u.Query().Get("tls")
	for key := range u.Query() {
		if key != "tls" {
			return fmt.Errorf("the option %q is not known; there is only tls=off and tls=required", key)
		}
	}
	switch {
	case wish != "" && wish != "off" && wish != "required":
		return errors.New("tls must be off or required")
	case u.Scheme == "smtps" && wish == "off":
		return errors.New("smtps and tls=off contradict each other")
	case u.Scheme == "smtps":
		s.security = implicit
	case u.Scheme != "smtp":
		return errors.New("the address must begin with smtp:// or smtps://")
	case wish == "off" && s.user != "":
		return errors.New("with tls=off the password would travel in the clear; leave out tls=off, or the user and the password")
	case wish == "off", wish == "" && s.user == "" && loopback(s.host):
		s.security = plain
	}
	return nil
}

func (s *server) choosePort(port string) error {
	switch {
	case port != "":
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return errors.New("the port must be between 1 and 65535")
		}
		s.port = n
	case s.security == implicit:
		s.port = 465
	case s.security == startTLS:
		s.port = 587
	default:
		s.port = 25
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

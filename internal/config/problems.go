package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Problem is one thing that is wrong with the settings.
type Problem struct {
	// Where is file:line, a variable or a flag; empty when nobody wrote it.
	Where string `json:"where"`
	// Setting is the name, or empty when the problem is not about one.
	Setting string `json:"setting"`
	// Text continues the sentence that begins with the setting.
	Text string `json:"text"`
}

// String gives the problem on one line.
func (p Problem) String() string {
	text := p.Text
	if p.Setting != "" {
		text = p.Setting + " " + text
	}
	if p.Where != "" {
		text = p.Where + ": " + text
	}
	return text
}

// Problems are all the things that are wrong: who mends them wants to start
// the program once, not once for each.
type Problems []Problem

// Error lists the problems, one on each line.
func (p Problems) Error() string {
	lines := make([]string, 0, len(p))
	for _, problem := range p {
		lines = append(lines, problem.String())
	}
	return strings.Join(lines, "\n")
}

// names of a setting for the person who has to set it.
func spelled(name string) string {
	return fmt.Sprintf("%s (%s%s, --%s)", name, envPrefix, strings.ToUpper(name), strings.ReplaceAll(name, "_", "-"))
}

// disagreements judges values that are right each by itself but not together.
// A setting that is wrong already is not judged again.
func (c *Config) disagreements(wrong map[string]bool) Problems {
	var problems Problems
	say := func(setting, text string) {
		if !wrong[setting] {
			problems = append(problems, Problem{Where: c.from(setting), Setting: setting, Text: text})
		}
	}
	if c.TLSCert != "" && c.TLSKey == "" {
		say("tls_key", "is missing: tls_cert needs its private key; set "+spelled("tls_key"))
	}
	if c.TLSKey != "" && c.TLSCert == "" {
		say("tls_cert", "is missing: tls_key needs its certificate; set "+spelled("tls_cert"))
	}
	if c.ACMEEmail != "" {
		if c.TLSCert != "" {
			say("acme_email", "and tls_cert are both set; keep one")
		}
		if !wrong["url"] && !c.hasPublicName() {
			say("url", "must be https:// with a public host name, because acme_email asks for a certificate for it")
		}
	}
	if c.TLS() && c.URL != nil && c.URL.Scheme == "http" && c.ACMEEmail == "" {
		say("url", "begins with http://, but tls_cert makes the server answer over HTTPS; write https://")
	}
	c.mailDisagreements(say)
	return problems
}

// mailDisagreements judges the settings of the mail server together.
func (c *Config) mailDisagreements(say func(setting, text string)) {
	if c.smtp == nil {
		if c.smtpPassword != "" {
			say("smtp_url", "is missing, but smtp_password is set")
		}
		return
	}
	user := c.smtp.User.Username()
	typed, _ := c.smtp.User.Password()
	inside := typed != "" // smtp://user:@host gives none
	switch {
	case inside && c.smtpPassword != "":
		say("smtp_password", "is set, and smtp_url holds a password too; keep one")
	case user == "" && (inside || c.smtpPassword != ""):
		say("smtp_url", "names no user for its password; write it like smtp://user@host:587")
	case user != "" && !inside && c.smtpPassword == "":
		say("smtp_password", "is missing: smtp_url names a user; set smtp_password_file (COUNTERSIGN_SMTP_PASSWORD_FILE, --smtp-password-file)")
	}
}

// hasPublicName tells whether a certificate authority can check the name.
func (c *Config) hasPublicName() bool {
	if c.URL == nil || c.URL.Scheme != "https" || isLocalName(c.URL.Hostname()) {
		return false
	}
	_, err := netip.ParseAddr(c.URL.Hostname())
	return err != nil && strings.Contains(c.URL.Hostname(), ".")
}

// missingForServing says what a server must not start without. Messages that
// are shown on a page instead of mailed would give reset links to everybody
// who reaches the server.
func (c *Config) missingForServing(wrong map[string]bool) Problems {
	if wrong["listen"] || wrong["url"] || wrong["smtp_url"] || c.smtp != nil || c.Development() {
		return nil
	}
	why := "listen is " + c.Listen + ", which other machines can reach"
	if c.ListensOnLoopback() {
		why = "url is " + c.URL.String() + ", which is not this machine"
	}
	return Problems{{
		Setting: "smtp_url",
		Text:    fmt.Sprintf("is missing: %s, so messages need a mail server; set %s, for example smtp://user@mail.example.com:587", why, spelled("smtp_url")),
	}}
}

// Warnings says what is allowed but worth a line in the log at every start.
func (c Config) Warnings() []string {
	var warnings []string
	if c.URL != nil && c.URL.Scheme == "http" && !isLocalName(c.URL.Hostname()) {
		warnings = append(warnings, "url begins with http://: passwords and codes cross the network unencrypted")
	}
	for _, s := range c.shown {
		secret := strings.Contains(s.Value, mask) || strings.Contains(s.Value, "password="+maskedOption)
		if secret && strings.HasPrefix(s.From, "--") && !strings.HasSuffix(s.From, fileSuffixFlag) {
			warnings = append(warnings, s.Name+" holds a password, and everybody on this machine can read a command line: use "+s.From+fileSuffixFlag)
		}
	}
	return warnings
}

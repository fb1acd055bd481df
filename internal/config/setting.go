package config

import "strings"

// Setting describes one setting of the program. The table of settings is the
// only list of them: the flags' help, the commented file, `config show` and
// the checks are made from it.
type Setting struct {
	// Name is the key in the file, in lower case with underscores.
	Name string
	// Group is the heading under which the commented file lists the setting.
	Group string
	// Doc says in a sentence or two what the setting does.
	Doc string
	// Default is the value when nothing else gives one, as it would be
	// written; empty means that nothing is set.
	Default string
	// Example is a value that the commented file and the help show when the
	// default is empty.
	Example string
	// Secret marks a value that holds, or may hold, a password. It is masked
	// when shown and may be read from a file.
	Secret bool
	// List marks a value that is a list, written with commas outside the file.
	List bool

	set func(*Config, string) error
}

// Env is the name of the setting's environment variable.
func (s Setting) Env() string { return envPrefix + strings.ToUpper(s.Name) }

// Flag is the name of the setting's flag without the leading dashes.
func (s Setting) Flag() string { return strings.ReplaceAll(s.Name, "_", "-") }

const (
	envPrefix  = "COUNTERSIGN_"
	fileSuffix = "_file"
	// fileSuffixFlag is the same behind a flag.
	fileSuffixFlag = "-file"
)

// Settings lists every setting in the order in which people meet them.
func Settings() []Setting {
	return []Setting{
		{
			Name: "listen", Group: "Serving", Default: "localhost:8080",
			Doc: "The address and port to listen on. An address that other machines reach needs a mail server (smtp_url).",
			set: setListen,
		},
		{
			Name: "url", Group: "Serving", Example: "https://signin.example.com",
			Doc: "The address that people type, as scheme and host. Links in mails begin with it. Empty means http://localhost and the port.",
			set: setURL,
		},
		{
			Name: "trusted_proxies", Group: "Serving", Example: "10.0.0.0/8, 2001:db8::/32", List: true,
			Doc: "Addresses or networks of the reverse proxies whose Forwarded and X-Forwarded-* headers count. Nobody else’s do.",
			set: setTrustedProxies,
		},
		{
			Name: "language", Group: "Serving", Default: "en",
			Doc: "The language for people who have chosen none and whose browser asks for none that exists.",
			set: setLanguage,
		},
		{
			Name: "data", Group: "Data", Default: "./countersign-data",
			Doc: "The folder that holds the database, the master key and certificates. It is made when it is missing.",
			set: setData,
		},
		{
			Name: "database_url", Group: "Data", Example: "postgres://countersign@db.example.com/countersign", Secret: true,
			Doc: "The PostgreSQL database. Empty means SQLite in the data folder.",
			set: setDatabaseURL,
		},
		{
			Name: "master_key_file", Group: "Data", Example: "/etc/countersign/master.key",
			Doc: "The file with the key that seals secrets in the database. Empty means master.key in the data folder. Without it a backup cannot be opened.",
			set: setMasterKeyFile,
		},
		{
			Name: "tls_cert", Group: "HTTPS", Example: "/etc/countersign/cert.pem",
			Doc: "The certificate chain in PEM. It is read again when the file changes.",
			set: setTLSCert,
		},
		{
			Name: "tls_key", Group: "HTTPS", Example: "/etc/countersign/key.pem",
			Doc: "The private key of tls_cert in PEM.",
			set: setTLSKey,
		},
		{
			Name: "acme_email", Group: "HTTPS", Example: "operator@example.com",
			Doc: "With this address of a person, certificates for the host of url are fetched and renewed by ACME. Port 443 of that host must lead to the listening address.",
			set: setACMEEmail,
		},
		{
			Name: "acme_ca", Group: "HTTPS", Default: "https://acme-v02.api.letsencrypt.org/directory",
			Doc: "The directory of the ACME certificate authority.",
			set: setACMECA,
		},
		{
			Name: "smtp_url", Group: "Mail", Example: "smtp://user@mail.example.com:587", Secret: true,
			Doc: "The mail server: smtp:// insists on STARTTLS (unless it is on this machine and asks for no password), smtps:// encrypts from the first byte. Without a mail server messages are shown at /dev/messages, on this machine only.",
			set: setSMTPURL,
		},
		{
			Name: "smtp_password", Group: "Mail", Example: "…", Secret: true,
			Doc: "The password of the user in smtp_url.",
			set: setSMTPPassword,
		},
		{
			Name: "smtp_from", Group: "Mail", Example: "Example Ltd <no-reply@example.com>",
			Doc: "The sender of the mails, of every workspace that has no address of its own for that. Empty means no-reply at the host of url.",
			set: setSMTPFrom,
		},
		{
			Name: "push_services", Group: "Push", Example: "ntfy.example.com", List: true,
			Doc: "Hosts of push services beside those of the browsers, for apps that use UnifiedPush. They must be reachable at a public address, over https.",
			set: setPushServices,
		},
		{
			Name: "texts_file", Group: "Texts", Example: "/etc/countersign/texts.toml",
			Doc: "The file that names who sends text messages on: a gateway, Twilio, Amazon SNS. It holds their secrets. Without one text messages are shown where mails are, or switched off.",
			set: setTextsFile,
		},
		{
			Name: "log_level", Group: "Logs", Default: "info",
			Doc: "How much is logged: debug, info, warn or error.",
			set: setLogLevel,
		},
		{
			Name: "log_format", Group: "Logs", Default: "text",
			Doc: "How it is logged: text or json.",
			set: setLogFormat,
		},
	}
}

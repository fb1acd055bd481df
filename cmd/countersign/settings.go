package main

import (
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"countersign/internal/config"
)

// allSettings are the flags of a command that needs the whole configuration.
// The password of the mail server has no flag of its own: everybody on the
// machine can read a command line.
type allSettings struct {
	storeSettings
	Listen           *string `name:"listen" group:"settings" placeholder:"HOST:PORT" help:"${listen}"`
	URL              *string `name:"url" group:"settings" placeholder:"URL" help:"${url}"`
	TrustedProxies   *string `name:"trusted-proxies" group:"settings" placeholder:"NETWORKS" help:"${trusted_proxies}"`
	Language         *string `name:"language" group:"settings" placeholder:"TAG" help:"${language}"`
	TLSCert          *string `name:"tls-cert" group:"settings" placeholder:"FILE" help:"${tls_cert}"`
	TLSKey           *string `name:"tls-key" group:"settings" placeholder:"FILE" help:"${tls_key}"`
	ACMEEmail        *string `name:"acme-email" group:"settings" placeholder:"ADDRESS" help:"${acme_email}"`
	ACMECA           *string `name:"acme-ca" group:"settings" placeholder:"URL" help:"${acme_ca}"`
	SMTPURL          *string `name:"smtp-url" group:"settings" placeholder:"URL" help:"${smtp_url}"`
	SMTPURLFile      *string `name:"smtp-url-file" group:"settings" placeholder:"FILE" help:"A file that holds smtp_url."`
	SMTPPasswordFile *string `name:"smtp-password-file" group:"settings" placeholder:"FILE" help:"A file that holds the password of the user in smtp_url."`
	SMTPFrom         *string `name:"smtp-from" group:"settings" placeholder:"SENDER" help:"${smtp_from}"`
	PushServices     *string `name:"push-services" group:"settings" placeholder:"HOSTS" help:"${push_services}"`
	TextsFile        *string `name:"texts-file" group:"settings" placeholder:"FILE" help:"${texts_file}"`
	LogLevel         *string `name:"log-level" group:"settings" placeholder:"LEVEL" help:"${log_level}"`
	LogFormat        *string `name:"log-format" group:"settings" placeholder:"FORMAT" help:"${log_format}"`
}

// storeSettings are the flags that say where the data lies.
type storeSettings struct {
	ConfigFile      string  `name:"config" group:"settings" placeholder:"FILE" help:"The configuration file. Default: COUNTERSIGN_CONFIG, else countersign.toml in the working folder if there is one."`
	Data            *string `name:"data" group:"settings" placeholder:"FOLDER" help:"${data}"`
	DatabaseURL     *string `name:"database-url" group:"settings" placeholder:"URL" help:"${database_url}"`
	DatabaseURLFile *string `name:"database-url-file" group:"settings" placeholder:"FILE" help:"A file that holds database_url."`
	MasterKeyFile   *string `name:"master-key-file" group:"settings" placeholder:"FILE" help:"${master_key_file}"`
}

// settingHelp gives the flags their texts from the one table of settings.
func settingHelp() kong.Option {
	vars := kong.Vars{}
	for _, s := range config.Settings() {
		vars[s.Name] = s.Doc
		if s.Default != "" {
			vars[s.Name] += " Default: " + s.Default
		}
	}
	return vars
}

// inputs gathers where this command's settings may come from.
func (s allSettings) inputs(env []string, serving bool) config.Inputs {
	return config.Inputs{Flags: given(reflect.ValueOf(s)), Env: env, File: s.ConfigFile, Serving: serving}
}

// given collects the flags that stand on the command line, by setting name.
func given(flags reflect.Value) map[string]string {
	found := map[string]string{}
	for i := range flags.NumField() {
		field, value := flags.Type().Field(i), flags.Field(i)
		if field.Anonymous {
			for name, text := range given(value) {
				found[name] = text
			}
			continue
		}
		if text, isFlag := value.Interface().(*string); isFlag && text != nil {
			found[strings.ReplaceAll(field.Tag.Get("name"), "-", "_")] = *text
		}
	}
	return found
}

package web

import "path"

// StaticFile is one of the files below static, by its plain name, such as
// "tokens.css". The authenticator app serves some under its own address, where it
// keeps them for the time without a connection.
func StaticFile(name string) ([]byte, error) {
	return static.ReadFile(path.Join("static", name))
}

// IsColour tells whether a workspace's colour can stand in a style sheet: "#" and six
// hexadecimal digits.
func IsColour(colour string) bool { return accentColour.MatchString(colour) }

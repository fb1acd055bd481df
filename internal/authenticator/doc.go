// Package authenticator is the app with which people answer sign-in requests, a web
// app that is installed on a phone, and the device protocol behind it
// (doc/device-protocol.md). It owns the app's files and how they are served, and how
// the protocol's calls are read and answered; what a call does is for packages device
// and approve. Package server mounts both.
package authenticator

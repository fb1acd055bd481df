// Package config owns the settings of the program: their names, defaults and
// descriptions, where a value may come from, and what makes a value wrong.
//
// A setting has one name. `smtp_from` is a key of countersign.toml, the flag
// --smtp-from and the variable COUNTERSIGN_SMTP_FROM. A flag wins over the
// environment, the environment over the file, the file over the default. A
// secret may also be read from a file of its own, under the name with _file
// behind it.
//
// The settings of a workspace (what a sign-in requires) are no part of this
// package: they live in the database and belong to package policy. Package
// server and the program in cmd/countersign call this package.
package config

// Package hosts owns which workspace a host name means, and which address each
// workspace has. It does not read the database: whoever makes a [Book] says how
// that is done, and when it is read again. Mails, links, passkeys, phones, pages
// and certificates ask it; none of them ever takes an address from a request.
package hosts

// Package password hashes passwords and judges how good a new one is.
//
// It owns the form in which passwords are stored (argon2id in PHC string
// format), the reading of hashes brought along from other systems, the queue in
// front of the hashing, and the rules for a new password. It does not own
// locks and counts of wrong passwords (packages limit and account), nor the
// words in which a problem is said (package words).
//
// Hashing is what a password sign-in costs: some 20 ms and 19 MiB each. A flood
// of sign-ins must exhaust neither memory nor patience, so hashes run only as
// many at once as there are workers, the rest wait in a bounded queue that is
// fair by network, and who has waited five seconds is told to come back.
//
// Passwords are normalised to NFKC before hashing, as NIST SP 800-63B section
// 3.1.1.2 recommends: the same password typed on two keyboards may be two
// sequences of code points. A length counts code points after that.
//
// Packages signin, account and people call it.
package password

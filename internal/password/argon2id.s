// Empty: with a file of assembly here the compiler takes a function without a body
// (fill in argon2id.go) for one that the linker will find.

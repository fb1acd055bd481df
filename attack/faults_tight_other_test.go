//go:build !unix

package attack_test

// tightProgram is the server on a disk that a test can fill, which no other
// system than Unix lets a test do.
const tightProgram = "server on a tight disk"

func serveTight([]string) int { return 2 }

// Package texttest is those who send texts on, for tests: a gateway, Twilio and Amazon SNS
// as their documentation describes them. They check what they are asked as the real ones
// do, and can be down, slow, or say what is not so.
package texttest

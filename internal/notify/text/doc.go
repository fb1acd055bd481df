// Package text hands one text message to whoever sends it on: a gateway that the operator
// describes, Twilio, Amazon SNS, one after the other until one takes it.
//
// It reads the file in which the operator names them, knows what each wants and answers,
// and judges what they report later. It knows no rows, retries or words; package message
// owns those and is the caller.
package text

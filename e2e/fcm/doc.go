// Package fcm is a double of the push service behind Chromium: what the browser asks
// of its vendor, so that pushManager.subscribe succeeds without any network, and the
// endpoint that a sender posts to (RFC 8030). It owns the devices that checked in and
// what waits for them. What a sender posts is judged by webpushtest; only the browser
// itself can open it. It is called by tests only.
//
// The browser's side is not standardised. It is written from Chromium's source,
// google_apis/gcm: checkin.proto and checkin_request.cc, registration_request.cc, and
// mcs.proto with connection_handler_impl.cc for the line on which messages arrive.
package fcm

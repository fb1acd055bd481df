package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// rereadEvery is how often a handshake looks at the certificate's files. A
// look is two stat calls, so once a second is neither felt nor late.
const rereadEvery = time.Second

// certificateFiles serves a certificate from two PEM files and follows them
// when they change, so that a renewal needs no restart. While the files do not
// fit together, as in the middle of a renewal, the one before stays in use.
type certificateFiles struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	looked  time.Time
	read    fileStamps // of current
	refused fileStamps // of the last pair that was not usable, to log it once
}

// fileStamps tells two states of a pair of files apart.
type fileStamps struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// openCertificateFiles reads the pair a first time; here a wrong one is an
// error, because a server must not start with it.
func openCertificateFiles(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*certificateFiles, error) {
	f := &certificateFiles{certFile: certFile, keyFile: keyFile, log: log, now: now}
	stamps, err := f.stamps()
	if err != nil {
		return nil, fmt.Errorf("tls_cert and tls_key: %w", err)
	}
	if err := f.load(stamps); err != nil {
		return nil, fmt.Errorf("tls_cert and tls_key: %w", err)
	}
	f.looked = now()
	return f, nil
}

// certificate answers a handshake (tls.Config.GetCertificate).
func (f *certificateFiles) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	// A clock set back must not stop the looking for the time it was set back.
	if since := f.now().Sub(f.looked); since < 0 || since >= rereadEvery {
		f.looked = f.now()
		f.follow()
	}
	return f.current, nil
}

// follow loads the pair again if it has changed.
func (f *certificateFiles) follow() {
	stamps, err := f.stamps()
	if err == nil && stamps == f.read {
		return
	}
	if err == nil {
		err = f.load(stamps)
	}
	if err == nil {
		f.log.Info("certificate read again", "file", f.certFile)
		return
	}
	if stamps != f.refused {
		f.refused = stamps
		f.log.Error("the changed certificate cannot be used; the one before stays", "file", f.certFile, "error", err)
	}
}

func (f *certificateFiles) load(stamps fileStamps) error {
	pair, err := tls.LoadX509KeyPair(f.certFile, f.keyFile)
	if err != nil {
		return fmt.Errorf("load the certificate: %w", err)
	}
	f.current, f.read, f.refused = &pair, stamps, fileStamps{}
	return nil
}

func (f *certificateFiles) stamps() (fileStamps, error) {
	cert, err := os.Stat(f.certFile)
	if err != nil {
		return fileStamps{}, err
	}
	key, err := os.Stat(f.keyFile)
	if err != nil {
		return fileStamps{}, err
	}
	return fileStamps{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}

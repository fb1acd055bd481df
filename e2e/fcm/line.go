package fcm

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// version is the one octet that each side of a line begins with.
const version = 41

// listen takes lines until the listener is closed.
func (s *Service) listen() {
	for {
		line, err := s.lines.Accept()
		if err != nil {
			return
		}
		s.running.Go(func() {
			_ = s.talk(line) // a browser comes and goes as it likes
			_ = line.Close()
		})
	}
}

// loginWithin bounds how long a line may say nothing at its beginning.
const loginWithin = 10 * time.Second

// talk speaks the Mobile Connection Server's protocol on a line until it ends.
func (s *Service) talk(line net.Conn) error {
	_ = line.SetReadDeadline(time.Now().Add(loginWithin))
	r := bufio.NewReader(line)
	v, err := r.ReadByte()
	if err != nil {
		return err
	}
	if v < version {
		return fmt.Errorf("version %d", v)
	}
	tag, body, err := receive(r)
	if err != nil {
		return err
	}
	if tag != loginRequest {
		return fmt.Errorf("a line begins with tag %d", tag)
	}
	d, arrived, err := s.login(body)
	if err != nil {
		return err
	}
	_, err = line.Write([]byte{version})
	if err == nil {
		err = packet(line, loginResponse, number(text(nil, 1, "line"), 8, milliseconds(time.Now())))
	}
	if err != nil {
		return err
	}
	_ = line.SetReadDeadline(time.Time{})
	err = s.connect(d, line, arrived)
	if err != nil {
		return err
	}
	defer d.lose(line)
	for {
		tag, _, err = receive(r)
		if err == nil && tag == heartbeatPing {
			d.mu.Lock()
			err = packet(line, heartbeatAck, nil)
			d.mu.Unlock()
		}
		if err != nil {
			return err
		}
	}
}

// receive reads one packet.
func receive(r *bufio.Reader) (byte, []byte, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	length, err := binary.ReadUvarint(r)
	if err != nil {
		return 0, nil, err
	}
	if length > mostRequest {
		return 0, nil, fmt.Errorf("a packet of %d octets", length)
	}
	body := make([]byte, length)
	_, err = io.ReadFull(r, body)
	return tag, body, err
}

// login reads who calls, and which messages have arrived (LoginRequest).
func (s *Service) login(body []byte) (*device, []string, error) {
	values, err := read(body)
	if err != nil {
		return nil, nil, err
	}
	var id uint64
	var secret string
	var arrived []string
	for _, v := range values {
		switch v.field {
		case 3: // user
			id, err = strconv.ParseUint(v.text, 10, 64)
		case 5: // auth_token
			secret = v.text
		case 10: // received_persistent_id
			arrived = append(arrived, v.text)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[id]
	if err != nil || d == nil || secret != strconv.FormatUint(secretOf(id), 10) {
		return nil, nil, errors.New("a device that has not checked in")
	}
	return d, arrived, nil
}

// connect gives the device its line, unless lines are cut.
func (s *Service) connect(d *device, line net.Conn, arrived []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut {
		return errors.New("there is no reception")
	}
	d.pickUp(line, arrived, s.now())
	return nil
}

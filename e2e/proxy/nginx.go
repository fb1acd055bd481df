// Package proxy is a real nginx before a server, configured as most are: with one line
// of proxy_pass and nothing said about streams. What passes it in time, passes most
// proxies. It is called by tests only.
package proxy

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"countersign/e2e/proc"
)

// installNginx is what a person reads whose machine has no nginx.
const installNginx = `no nginx found: install it ("apt-get install nginx-light" on Debian)`

// configuration has a process of one's own, which needs nothing of the system, and the
// proxy itself. Its defaults are what a test is about: HTTP/1.0 to the server, and
// answers that wait in buffers.
const configuration = `daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	scgi_temp_path %[1]s/scgi;
	uwsgi_temp_path %[1]s/uwsgi;
	gzip on;
	gzip_types *;
	server {
		listen %[2]s;
		location / {
			proxy_pass %[3]s;
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			proxy_set_header X-Forwarded-Proto $scheme;
		}
	}
}
`

// Start starts nginx before a server like "http://127.0.0.1:8080", and returns its own
// address, http://localhost:PORT. It ends with tb.
func Start(tb testing.TB, upstream string) string {
	tb.Helper()
	address := proc.FreeAddr(tb)
	StartAt(tb, address, upstream)
	_, port, _ := strings.Cut(address, ":")
	return "http://localhost:" + port
}

// StartAt is [Start] where the server must know the address of its proxy before.
func StartAt(tb testing.TB, address, upstream string) {
	tb.Helper()
	program := find(tb)
	folder := tb.TempDir()
	file := filepath.Join(folder, "nginx.conf")
	err := os.WriteFile(file, fmt.Appendf(nil, configuration, folder, address, upstream), 0o600)
	if err != nil {
		tb.Fatalf("configure nginx: %v", err)
	}
	nginx := proc.StartFile(tb, program, nil, "-c", file, "-p", folder, "-e", "stderr")
	nginx.WaitOpen(address)
}

func find(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} { // which people's PATH does not have
		program, err := exec.LookPath(name)
		if err == nil {
			return program
		}
	}
	tb.Fatal(installNginx)
	return ""
}

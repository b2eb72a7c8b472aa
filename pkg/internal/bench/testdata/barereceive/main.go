// This program does the work of receivemoduletwinpatch with only the standard
// library, without checks and without reconnecting. It is the lower bound that
// receivemoduletwinpatch is measured against.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	fields := map[string]string{}
	for pair := range strings.SplitSeq(os.Getenv("IOTHUB_MODULE_CONNECTION_STRING"), ";") {
		name, value, _ := strings.Cut(pair, "=")
		fields[name] = value
	}
	host, _, _ := strings.Cut(fields["HostName"], ":")
	key, _ := base64.StdEncoding.DecodeString(fields["SharedAccessKey"])
	resource := url.QueryEscape(host + "/devices/" + fields["DeviceId"] + "/modules/" + fields["ModuleId"])
	expiry := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(resource + "\n" + expiry))
	token := "SharedAccessSignature sr=" + resource + "&sig=" + url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil))) + "&se=" + expiry

	pem, err := os.ReadFile(os.Getenv("IOTHUB_CA_FILE"))
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	conn, err := tls.Dial("tcp", fields["HostName"], &tls.Config{RootCAs: roots})
	check(err)
	id := fields["DeviceId"] + "/" + fields["ModuleId"]
	connect := append(text("MQTT"), 4, 0xC0, 0, 60) // level 4; user name, password, no clean session; keep-alive 60 s
	connect = append(connect, text(id)...)
	connect = append(connect, text(host+"/"+id+"/?api-version=2021-04-12")...)
	write(conn, 0x10, append(connect, text(token)...))
	in := bufio.NewReader(conn)
	for {
		kind, body := read(in)
		switch kind {
		case 0x20: // CONNACK
			write(conn, 0x82, append(append([]byte{0, 1}, text("$iothub/twin/PATCH/properties/desired/#")...), 1))
		case 0x90: // SUBACK
			fmt.Println("waiting")
		case 0x30, 0x32: // PUBLISH at QoS 0 or 1
			payload := body[2+binary.BigEndian.Uint16(body):]
			if kind == 0x32 {
				write(conn, 0x40, payload[:2])
				payload = payload[2:]
			}
			fmt.Println(string(payload))
		}
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// text returns s as an MQTT string: its length, followed by its bytes.
func text(s string) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(s))), s...) }

func write(w io.Writer, kind byte, body []byte) {
	_, err := w.Write(append(binary.AppendUvarint([]byte{kind}, uint64(len(body))), body...))
	check(err)
}

func read(r *bufio.Reader) (kind byte, body []byte) {
	kind, err := r.ReadByte()
	check(err)
	length, err := binary.ReadUvarint(r)
	check(err)
	body = make([]byte, length)
	_, err = io.ReadFull(r, body)
	check(err)
	return kind, body
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"moduletwin/pkg/localhub"
	"moduletwin/pkg/localhub/fault"
)

const help = `Words to type, one a line:
  cut            cuts all connections of modules and devices; they come back
  block          cuts them and lets none sign in again; HTTPS still works
  unblock        lets them sign in again
  refuse 10s     cuts them and refuses new connections for a while
  expire         lets the tokens of all connections expire now
  forget         forgets stored subscriptions and cuts the connections
  throttle 3     answers the next 3 requests over HTTPS with 429
  help           shows this
`

// runPrompt carries out what is typed, until there is nothing more to read.
func runPrompt(r io.Reader, hub *localhub.Hub) {
	p := prompt{hub: hub}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if err := p.do(words[0], append(words[1:], "")[0]); err != nil {
			log.Print(err)
		}
	}
}

type prompt struct {
	hub     *localhub.Hub
	refusal *time.Timer // ends the latest "refuse"; nil before the first
}

func (p *prompt) do(word, argument string) error {
	switch word {
	case "cut":
		p.hub.DisconnectAll()
	case "block":
		p.hub.FailNext(math.MaxInt, fault.SignIn, fault.Status(serverUnavailable))
		p.hub.DisconnectAll()
	case "unblock":
		p.hub.ClearFaults()
	case "refuse":
		return p.refuse(argument)
	case "expire":
		p.hub.ExpireTokens()
	case "forget":
		p.hub.ForgetSessions()
	case "throttle":
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 {
			return fmt.Errorf("how often? As in: throttle 3")
		}
		p.hub.FailNext(n, fault.REST, fault.Status(http.StatusTooManyRequests))
	case "help":
		fmt.Fprint(os.Stderr, help)
	default:
		return fmt.Errorf("there is no %q; type help, or press Ctrl+C to end the hub", word)
	}
	return nil
}

// serverUnavailable is the return code of CONNACK that tells clients to try
// again later.
const serverUnavailable = 3

// refuse closes the port for a while, counted from the last time it is typed.
func (p *prompt) refuse(argument string) error {
	d, err := time.ParseDuration(argument)
	if err != nil || d <= 0 {
		return fmt.Errorf("for how long? As in: refuse 10s")
	}
	p.hub.Stop()
	if p.refusal != nil {
		p.refusal.Stop()
	}
	p.refusal = time.AfterFunc(d, func() {
		if err := p.hub.Resume(); err != nil {
			log.Print(err)
			return
		}
		log.Print("connections are welcome again")
	})
	return nil
}

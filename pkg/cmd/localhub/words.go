package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// words lists all words that can be typed. To add one, add a line here and the
// method that it names.
var words = []word{
	{"cut", "", "cuts all connections of devices and modules; they come back", (*prompt).cut},
	{"block", "", "cuts them and lets none sign in again; HTTPS still works", (*prompt).block},
	{"refuse", "10s", "cuts them and refuses all connections for a while", (*prompt).refuse},
	{"throttle", "3", "answers the next 3 requests over HTTPS with 429", (*prompt).throttle},
	{"unblock", "", "ends block, refuse and throttle", (*prompt).unblock},
	{"expire", "", "lets the tokens of all connections expire now", (*prompt).expire},
	{"forget", "", "forgets stored subscriptions and cuts the connections", (*prompt).forget},
	{"show", "", "lists devices, modules and their connections", (*prompt).show},
	{"twin", "DEVICE [MODULE]", "shows a twin", (*prompt).twin},
	{"help", "", "shows this", (*prompt).help},
}

func (p *prompt) cut([]string) (string, error) {
	return connections(p.hub.DisconnectAll()) + " cut; clients come back by themselves", nil
}

func (p *prompt) block([]string) (string, error) {
	return "devices and modules are locked out, " + connections(p.hub.Block()) + " cut; type unblock to let them in", nil
}

// connected says how many devices and modules are connected.
func (p *prompt) connected() string {
	n := 0
	for _, i := range p.hub.Identities() {
		if i.Connected {
			n++
		}
	}
	return connections(n)
}

func connections(n int) string {
	switch n {
	case 0:
		return "no connection"
	case 1:
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// refuse closes the port for a while. Typing it again starts that time anew.
func (p *prompt) refuse(arguments []string) (string, error) {
	d, err := duration(arguments[0], time.Hour)
	if err != nil {
		return "", err
	}
	p.hub.StopFor(d)
	return fmt.Sprintf("connections are refused for %s; type unblock to end that", arguments[0]), nil
}

func (p *prompt) throttle(arguments []string) (string, error) {
	n, err := number(arguments[0], 1000)
	if err != nil {
		return "", err
	}
	p.hub.FailNext(n, fault.REST, fault.Status(http.StatusTooManyRequests))
	requests := fmt.Sprintf("%d requests", n)
	if n == 1 {
		requests = "1 request"
	}
	return requests + " over HTTPS will be answered with 429; type unblock to end that", nil
}

// unblock ends everything that lasts: block, refuse and throttle.
func (p *prompt) unblock([]string) (string, error) {
	stopped, _ := p.hub.Stopped()
	needed := stopped || len(p.hub.PendingFaults()) > 0
	if err := p.hub.Unblock(); err != nil {
		return "", err
	}
	if !needed {
		return "nothing was blocked, refused or throttled", nil
	}
	return "everybody is let in again", nil
}

func (p *prompt) expire([]string) (string, error) {
	n := p.connected()
	p.hub.ExpireTokens()
	return "the tokens of all connections have expired, " + n + " cut; clients come back with new ones", nil
}

func (p *prompt) forget([]string) (string, error) {
	n := p.connected()
	if err := p.hub.ForgetSessions(); err != nil {
		return "", err
	}
	return "stored subscriptions are forgotten, " + n + " cut; clients come back, but some SDKs do not subscribe again (the module app does)", nil
}

// duration parses an argument as a duration; most is the longest one allowed.
func duration(argument string, most time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(argument)
	switch {
	case err != nil || d <= 0:
		return 0, errUsage
	case d > most:
		return 0, fmt.Errorf("too long: at most %v", most)
	}
	return d, nil
}

// number parses an argument as a number from 1 to most.
func number(argument string, most int) (int, error) {
	n, err := strconv.Atoi(argument)
	switch {
	case err != nil || n < 1:
		return 0, errUsage
	case n > most:
		return 0, fmt.Errorf("too many: at most %d", most)
	}
	return n, nil
}

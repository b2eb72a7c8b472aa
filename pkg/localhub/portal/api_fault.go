package portal

import (
	"net/http"
	"strconv"
	"time"

	"moduletwin/pkg/localhub/fault"
)

// conditions says which faults are in effect at the moment.
type conditions struct {
	Blocked   bool  `json:"blocked"`        // no device or module may sign in
	Throttled int   `json:"throttled"`      // how many requests over HTTPS will be answered with 429
	Refusing  bool  `json:"refusing"`       // nobody can connect
	Until     int64 `json:"until,omitzero"` // when Refusing ends, in milliseconds since 1970; 0 if that is open
}

func (p *Portal) conditions() (c conditions) {
	for _, pending := range p.hub.PendingFaults() {
		if pending.Failure.Kind != fault.KindStatus {
			continue
		}
		switch {
		case pending.At == fault.SignIn:
			c.Blocked = true
		case pending.At == fault.REST && pending.Failure.Status == http.StatusTooManyRequests:
			c.Throttled += pending.Left
		}
	}
	refusing, until := p.hub.Stopped()
	c.Refusing, c.Until = refusing, milliseconds(until)
	return c
}

// playFault does the same as the prompt of the hub when the word is typed
// there.
func (p *Portal) playFault(r *http.Request) (any, error) {
	var wanted struct{ Word, Argument string }
	if err := decode(r, &wanted); err != nil {
		return nil, err
	}
	if err := p.play(wanted.Word, wanted.Argument); err != nil {
		return nil, err
	}
	return p.conditions(), nil
}

func (p *Portal) play(word, argument string) error {
	switch word {
	case "cut":
		p.hub.DisconnectAll()
	case "block":
		p.hub.Block()
	case "unblock":
		return p.hub.Unblock()
	case "refuse":
		d, err := time.ParseDuration(argument)
		if err != nil || d <= 0 || d > time.Hour {
			return failf(http.StatusBadRequest, "Invalid", "%q is not a duration of up to an hour", argument)
		}
		p.hub.StopFor(d)
	case "expire":
		p.hub.ExpireTokens()
	case "forget":
		if err := p.hub.ForgetSessions(); err != nil {
			return failf(http.StatusInternalServerError, "NotSaved", "%v", err)
		}
	case "throttle":
		n, err := strconv.Atoi(argument)
		if err != nil || n < 1 || n > 1000 {
			return failf(http.StatusBadRequest, "Invalid", "%q is not a number from 1 to 1000", argument)
		}
		p.hub.FailNext(n, fault.REST, fault.Status(http.StatusTooManyRequests))
	default:
		return failf(http.StatusBadRequest, "Invalid", "there is no fault %q", word)
	}
	return nil
}

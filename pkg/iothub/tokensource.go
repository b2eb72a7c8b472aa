package iothub

import (
	"sync"
	"time"
)

// tokenSource hands out one token until a fifth of its life is left, then
// signs the next.
type tokenSource struct {
	hub      ConnectionString
	lifetime time.Duration

	mu      sync.Mutex // guards the fields below
	token   *string    // a pointer, so that package fmt prints only its address
	renewAt time.Time
}

func (s *tokenSource) get() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.renewAt) {
		token := s.hub.NewSASToken(now.Add(s.lifetime))
		revealed := token.Reveal()
		s.token, s.renewAt = &revealed, token.RenewAt(now)
	}
	return *s.token
}

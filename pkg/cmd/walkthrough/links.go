package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"moduletwin/pkg/cmd/walkthrough/internal/page"
)

// linkPatience is the time limit for following one link.
const linkPatience = 30 * time.Second

// checkExternal follows all links that leave the repository, concurrently, and
// reports those that are broken.
func checkExternal(ctx context.Context, pages []*page.Page) []page.Problem {
	var mu sync.Mutex // guards problems
	var problems []page.Problem
	var all sync.WaitGroup
	for _, p := range pages {
		for _, link := range p.Links() {
			if !link.External() {
				continue
			}
			all.Go(func() {
				if err := follow(ctx, link.Target); err != nil {
					mu.Lock()
					defer mu.Unlock()
					problems = append(problems, page.Problem{File: p.Name, Line: link.Line, Text: err.Error()})
				}
			})
		}
	}
	all.Wait()
	return problems
}

// follow requests a page with GET, as browsers do: some servers do not answer
// HEAD.
func follow(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, linkPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", address, response.Status)
	}
	return nil
}

// Localhub is a stand-in for Azure IoT Hub on this machine: it serves
// identities and module twins over HTTPS and MQTT to the programs of this
// repository and to Microsoft's own SDKs.
//
// It is configured by flags alone; -h lists them. Words typed into it make
// faults happen; "help" lists those.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"moduletwin/pkg/localhub"
)

func main() {
	settings, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "localhub: %v\n", err)
		os.Exit(2)
	}
	log.SetFlags(log.Ltime)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl+C ends the program at once
	if err := run(ctx, settings); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, s settings) error {
	hub, err := localhub.Start(&localhub.Options{Listen: s.listen, DataDir: s.data, Logger: slog.Default()})
	if err != nil {
		return explain(err, s)
	}
	defer hub.Close()
	ca, err := writeCertificate(hub, s.data)
	if err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	if s.data == "" {
		defer removeCertificate(hub, ca) // no hub will ever show it again
	}
	printBanner(os.Stdout, hub, s, ca)
	allowBackground()
	go runPrompt(os.Stdin, hub)
	<-ctx.Done()
	log.Print("ending")
	return nil
}

// Localhub is a stand-in for Azure IoT Hub on this machine: it serves
// identities and module twins over HTTPS and MQTT to the programs of this
// repository and to Microsoft's own SDKs.
//
// It is configured only by flags; -h lists them. Words typed into its window
// inject faults; "help" lists those.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime"
	"sync"

	"moduletwin/pkg/cmd/localhub/internal/logwriter"
	"moduletwin/pkg/localhub"
)

func main() {
	s, err := parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		printError(os.Stderr, err)
		os.Exit(2)
	}
	in := bufio.NewReaderSize(os.Stdin, maxLine)
	if s.reset {
		if err := reset(in, os.Stdout, s.data); err != nil {
			printError(os.Stderr, explain(err, s, runtime.GOOS))
			os.Exit(1)
		}
	}
	logs := logwriter.New(os.Stderr)
	log.SetOutput(safeLog{logs})
	log.SetFlags(log.Ltime)
	ctx := untilSignal(func() { exit(logs, errors.New("forced to end: something hangs")) })
	exit(logs, run(ctx, in, s))
}

// run runs the hub until ctx is done, and executes what is typed meanwhile.
func run(ctx context.Context, in *bufio.Reader, s settings) error {
	hub, err := localhub.Start(&localhub.Options{Listen: s.listen, DataDir: s.data, Logger: slog.Default()})
	if err != nil {
		return explain(err, s, runtime.GOOS)
	}
	defer hub.Close()
	portal, err := openPage(hub, s.portal)
	if err != nil {
		return explain(fmt.Errorf("%w: %w", errPortal, err), s, runtime.GOOS)
	}
	defer portal.close()
	ca, err := publishCertificate(hub.CertificatePEM, s.data)
	if err != nil {
		return explain(fmt.Errorf("%w: %w", errCertificate, err), s, runtime.GOOS)
	}
	defer ca.remove()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	tasks.Go(func() { keepFiles(ctx, ca, s.data) })
	fmt.Print(banner(hub, s, ca, portal)) // in one call, so that the log cannot interrupt it
	allowBackground()
	go func() {
		if runPrompt(in, os.Stdout, hub) == io.EOF && isTerminal(os.Stdin) { // somebody pressed Ctrl+D
			fmt.Println("Input has ended: words are no longer read. The hub runs on; Ctrl+C ends it.")
		}
	}()
	<-ctx.Done()
	log.Print("ending")
	return nil
}

package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"moduletwin/pkg/internal/commandline"
	"moduletwin/pkg/internal/trust"
)

// settings holds the values of the flags.
type settings struct {
	listen []string
	portal string // address of the web page, or portalOff
	reset  bool
	memory bool
	data   string // absolute path; "" for a hub in memory
}

// Values of the flag -portal.
const (
	defaultPortal = "localhost:8880"
	portalOff     = "off"
)

const defaultAddress = "localhost:8883" // the port of MQTT is fixed in the official device SDKs

// parse parses the flags. It returns a usage error, or [flag.ErrHelp] after
// printing the help.
func parse(args []string) (settings, error) {
	s := settings{portal: defaultPortal}
	flags := s.flags()
	switch err := commandline.Parse(flags, args); {
	case errors.Is(err, flag.ErrHelp):
		commandline.Help(os.Stdout, "Localhub is a stand-in for Azure IoT Hub on this machine.", flags)
		return s, err
	case err != nil:
		return s, err
	}
	if err := s.check(); err != nil {
		return s, err
	}
	return s, s.complete()
}

// flags returns the flag set of the program. Parsing it sets the fields of s.
func (s *settings) flags() *flag.FlagSet {
	flags := new(flag.FlagSet)
	flags.Func("listen", "`address` to serve, host:port; may be repeated (default "+defaultAddress+")", func(address string) error {
		s.listen = append(s.listen, address)
		return checkAddress(address, defaultAddress)
	})
	flags.Func("portal", "`address` of the web page that shows the hub, host:port, or off for none (default "+defaultPortal+")", func(address string) error {
		s.portal = address
		if address == portalOff {
			return nil
		}
		return checkAddress(address, defaultPortal)
	})
	flags.StringVar(&s.data, "data", "", "`folder` in which to keep certificate, keys, identities and twins (default "+defaultFolder()+")")
	flags.BoolVar(&s.memory, "memory", false, "keep nothing: everything is lost when the hub ends")
	flags.BoolVar(&s.reset, "reset", false, "start over: delete the data of the hub, after asking")
	return flags
}

// check reports flags that cannot be used together or on this machine.
func (s *settings) check() error {
	switch {
	case s.memory && s.data != "":
		return errors.New("-data and -memory cannot be combined")
	case s.memory && s.reset:
		return errors.New("-reset and -memory cannot be combined: there is nothing to delete")
	case s.reset && !isTerminal(os.Stdin):
		return errors.New("-reset asks before it deletes, and needs a terminal for that")
	case s.reset && s.data == "" && defaultFolder() == "":
		return errors.New("-reset needs a folder, and this machine has none for settings: name it with -data")
	}
	return nil
}

// complete fills in defaults for what was not given.
func (s *settings) complete() (err error) {
	if s.listen == nil {
		s.listen = []string{defaultAddress}
	}
	if s.memory {
		return nil
	}
	if s.data == "" {
		s.data = defaultFolder()
	}
	if s.data != "" {
		s.data, err = filepath.Abs(s.data) // other terminals may be in another folder
	}
	return err
}

// checkAddress reports what is wrong with an address; example is a valid one.
func checkAddress(address, example string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("it is not of the form host:port, such as %s", example)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return errors.New("a port is a number from 1 to 65535, or 0 for any free one")
	}
	return nil
}

// defaultFolder returns the default data folder, or "" on a machine where
// programs have no folder for their settings.
func defaultFolder() string {
	folder, err := trust.LocalFolder()
	if err != nil {
		return ""
	}
	return folder
}

// beyondLoopback returns the addresses that other machines may be able to
// reach.
func (s settings) beyondLoopback() (addresses []string) {
	for _, address := range append(slices.Clone(s.listen), s.portal) {
		if host, _, err := net.SplitHostPort(address); err == nil && !trust.IsLoopback(host) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

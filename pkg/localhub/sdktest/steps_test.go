package sdktest

import (
	"context"
	"slices"
	"testing"
	"time"

	"moduletwin/pkg/iothub"
	"moduletwin/pkg/localhub"
)

// options returns the options of a client. more alternates between names and
// values.
func (j *judge) options(more ...any) object {
	options := object{"webSocket": j.transport == webSocket}
	for i := 0; i < len(more); i += 2 {
		options[more[i].(string)] = more[i+1]
	}
	return options
}

// open makes a client that is not connected yet. Device SDKs want host names
// without a port.
func (j *judge) open(t testing.TB, identity iothub.ConnectionString, options ...any) {
	t.Helper()
	identity.HostName = identity.Host()
	j.do(t, "open", identity.Reveal(), j.options(options...))
	j.forget()
	j.heard = 0
}

// add adds the scenario's device or a module of it, unless it exists.
func (j *judge) add(module string) iothub.ConnectionString {
	if module == "" {
		return j.hub.AddDevice(j.device)
	}
	return j.hub.AddModule(j.device, module)
}

// connect makes a client sign in as the scenario's device or as a module of it.
func (j *judge) connect(t testing.TB, module string, options ...any) {
	t.Helper()
	j.open(t, j.add(module), options...)
	j.signIn(t, letIn)
	j.waitFor(t, module, func(c localhub.ConnectionState) bool { return c.Connected })
}

// listen is connect for a client that then reads its twin and subscribes to
// patches.
func (j *judge) listen(t testing.TB, module string, options ...any) {
	t.Helper()
	j.connect(t, module, options...)
	j.do(t, "twin")
	j.do(t, "listen")
	j.waitFor(t, module, func(c localhub.ConnectionState) bool { return c.Subscribed })
	j.patch(t, module, object{"first": true})
	j.hears(t, `{"$version":2,"first":true}`)
}

// The outcomes of a sign-in, as a status.
const (
	letIn  = 0
	refuse = 401
)

// unsettled are the errors with which SDKs say that they did not get through,
// or that they are already connecting.
var unsettled = []string{"ConnectionFailedError", "NotConnectedError", "IotHubClientException", "IllegalStateException"}

// signIn makes the client connect and checks the outcome. It tries again while
// the SDK is unsettled.
func (j *judge) signIn(t testing.TB, outcome int) {
	t.Helper()
	a := j.try(t, "connect")
	for deadline := time.Now().Add(patience); a.Status == 0 && slices.Contains(unsettled, a.Error) && time.Now().Before(deadline); {
		a = j.try(t, "connect")
	}
	if a.Status != outcome || (a.Error == "") != (outcome == letIn) {
		t.Fatalf("connect: %q with status %d, want status %d", a.Error, a.Status, outcome)
	}
}

// waitFor waits until ok accepts the connection state of the scenario's device
// or of a module of it.
func (j *judge) waitFor(t testing.TB, module string, ok func(localhub.ConnectionState) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := j.hub.WaitConnection(ctx, j.device, module, ok); err != nil {
		t.Fatal(err)
	}
}

// comesBack waits until a client is subscribed after n more sign-ins, or has
// given up.
func (j *judge) comesBack(t testing.TB, module string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	back := make(chan error, 1)
	go func() {
		_, err := j.hub.WaitConnection(ctx, j.device, module, func(c localhub.ConnectionState) bool { return c.Subscribed && c.SignIns > n })
		back <- err
	}()
	select {
	case err := <-back:
		if err != nil {
			t.Fatal(err)
		}
	case <-j.gaveUp:
		cancel()
		<-back
		t.Fatal("it has given up")
	}
}

// patch changes desired properties as a back end does.
func (j *judge) patch(t testing.TB, module string, patch object) {
	t.Helper()
	if _, err := j.hub.PatchDesired(j.device, module, patch); err != nil {
		t.Fatal(err)
	}
}

// hears waits for a patch and compares it.
func (j *judge) hears(t testing.TB, want string) {
	t.Helper()
	same(t, "the patch", j.nextPatch(t), want)
}

// patchUntilHeard makes changes until the client receives one. SDKs lose
// changes that are made while they renew their token, which they do repeatedly
// here.
func (j *judge) patchUntilHeard(t testing.TB, module string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		j.patch(t, module, object{"at": time.Now().String()})
		select {
		case <-j.patches:
			return
		case <-time.After(time.Second):
		}
	}
	t.Fatal("it receives no change")
}

// nextPatch waits for a patch that is new: an SDK whose connection ends before
// it has acknowledged a patch delivers that patch again.
func (j *judge) nextPatch(t testing.TB) any {
	t.Helper()
	for {
		patch := j.wait(t)
		if version, _ := at(patch, "$version").(float64); version > j.heard {
			j.heard = version
			return patch
		}
	}
}

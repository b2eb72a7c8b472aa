package sdktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	"moduletwin/pkg/iothub"
)

// signed returns a SAS token with fields such as "sr={sr}&sig={sig}&se={se}",
// in which resource is used as given, escaped or not.
func signed(key iothub.Key, fields, resource string) string {
	expiry := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	mac := hmac.New(sha256.New, key.Bytes())
	mac.Write([]byte(resource + "\n" + expiry))
	signature := url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return "SharedAccessSignature " + strings.NewReplacer("{sr}", resource, "{sig}", signature, "{se}", expiry).Replace(fields)
}

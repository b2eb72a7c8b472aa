package portal

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"

	"moduletwin/pkg/iothub"
)

type hubResponse struct {
	Name        string              `json:"name"`
	Addresses   []string            `json:"addresses"`
	Certificate certificateResponse `json:"certificate"`
	Policies    []policyResponse    `json:"policies"`
	Devices     int                 `json:"devices"`
	Modules     int                 `json:"modules"`
	Connected   int                 `json:"connected"`
	Conditions  conditions          `json:"conditions"`
}

type policyResponse struct {
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
}

type certificateResponse struct {
	Until       int64  `json:"until"` // milliseconds since 1970
	Fingerprint string `json:"fingerprint"`
}

// getHub answers with an overview of the hub.
func (p *Portal) getHub(*http.Request) (any, error) {
	response := hubResponse{
		Name:        p.hub.HostName(),
		Addresses:   p.hub.Addresses(),
		Certificate: p.certificate(),
		Conditions:  p.conditions(),
	}
	for _, policy := range p.hub.Policies() {
		response.Policies = append(response.Policies, policyResponse{policy.Name, policy.Permissions})
	}
	for _, identity := range p.hub.Identities() {
		if identity.ModuleID == "" {
			response.Devices++
		} else {
			response.Modules++
		}
		if identity.Connected {
			response.Connected++
		}
	}
	return response, nil
}

func (p *Portal) certificate() (response certificateResponse) {
	block, _ := pem.Decode(p.hub.CertificatePEM())
	if block == nil {
		return response
	}
	if parsed, err := x509.ParseCertificate(block.Bytes); err == nil {
		response.Until = parsed.NotAfter.UnixMilli()
		response.Fingerprint = fmt.Sprintf("%x", sha256.Sum256(parsed.Raw))
	}
	return response
}

// keysResponse is the only response that holds secrets.
type keysResponse struct {
	PrimaryKey      string `json:"primaryKey"`
	SecondaryKey    string `json:"secondaryKey"`
	PrimaryString   string `json:"primaryString"`
	SecondaryString string `json:"secondaryString"`
}

// getKeys answers with the keys of a policy, a device or a module. The page
// requests them only when somebody wants to see or copy them.
func (p *Portal) getKeys(r *http.Request) (any, error) {
	if name := r.URL.Query().Get("policy"); name != "" {
		for _, policy := range p.hub.Policies() {
			if policy.Name == name {
				return keys(policy.Keys, iothub.ConnectionString{HostName: p.hub.HostName(), SharedAccessKeyName: name}), nil
			}
		}
		return nil, failf(http.StatusNotFound, "PolicyNotFound", "There is no policy %q.", name)
	}
	id := inQuery(r)
	authentication, err := p.authentication(r, id)
	if err != nil {
		return nil, err
	}
	return keys(authentication.SymmetricKey, iothub.ConnectionString{HostName: p.hub.HostName(), DeviceID: id.Device, ModuleID: id.Module}), nil
}

func (p *Portal) authentication(r *http.Request, id identityID) (iothub.Authentication, error) {
	if id.Module == "" {
		device, err := p.registry().GetDevice(r.Context(), id.Device)
		return device.Authentication, err
	}
	module, err := p.registry().GetModule(r.Context(), id.Device, id.Module)
	return module.Authentication, err
}

func keys(pair iothub.SymmetricKey, c iothub.ConnectionString) keysResponse {
	return keysResponse{
		PrimaryKey:      pair.PrimaryKey.Reveal(),
		SecondaryKey:    pair.SecondaryKey.Reveal(),
		PrimaryString:   withKey(c, pair.PrimaryKey),
		SecondaryString: withKey(c, pair.SecondaryKey),
	}
}

func withKey(c iothub.ConnectionString, key iothub.Key) string {
	c.SharedAccessKey = key
	return c.Reveal()
}

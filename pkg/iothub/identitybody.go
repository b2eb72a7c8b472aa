package iothub

// deviceBody is a device as a request contains it: with its keys, which a [Key]
// hides from every other encoder.
type deviceBody struct {
	Device
	Authentication authenticationBody `json:"authentication,omitzero"`
}

// moduleBody is deviceBody for a module.
type moduleBody struct {
	Module
	Authentication authenticationBody `json:"authentication,omitzero"`
}

type authenticationBody struct {
	Type           string           `json:"type,omitempty"`
	SymmetricKey   symmetricKeyBody `json:"symmetricKey,omitzero"`
	X509Thumbprint X509Thumbprint   `json:"x509Thumbprint,omitzero"`
}

type symmetricKeyBody struct {
	PrimaryKey   string `json:"primaryKey,omitempty"`
	SecondaryKey string `json:"secondaryKey,omitempty"`
}

func newDeviceBody(d Device) deviceBody {
	return deviceBody{d, newAuthenticationBody(d.Authentication)}
}

func newModuleBody(m Module) moduleBody {
	return moduleBody{m, newAuthenticationBody(m.Authentication)}
}

func newAuthenticationBody(a Authentication) authenticationBody {
	return authenticationBody{
		Type:           a.Type,
		SymmetricKey:   symmetricKeyBody{a.SymmetricKey.PrimaryKey.Reveal(), a.SymmetricKey.SecondaryKey.Reveal()},
		X509Thumbprint: a.X509Thumbprint,
	}
}

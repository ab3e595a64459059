/**
 * A certificate that signs itself, for localhost, secure.example, proxy.example, 127.0.0.1 and [::1], and its key; good
 * for a hundred years. Nothing trusts it by itself. Made by:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj '/CN=Sluice test' \
 *       -addext 'subjectAltName=DNS:localhost,DNS:secure.example,DNS:proxy.example,IP:127.0.0.1,IP:::1' \
 *       -addext 'basicConstraints=critical,CA:TRUE'
 */
export const TEST_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIB0TCCAXigAwIBAgIUFc4d/o9+Fy1dNTx5Cgan/cDOMzswCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLU2x1aWNlIHRlc3QwIBcNMjYxMTIyMDM1NzAzWhgPMjEyNjEw
MjkwMzU3MDNaMBYxFDASBgNVBAMMC1NsdWljZSB0ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEYLCUaeLnrtyD1jaYeuuxOpCLdqaAoX9BOCpyQSdDnUjNXAyP
rgysIchb+YNbhcmhksYseYis+Rw6fl33dQlBGKOBoTCBnjAdBgNVHQ4EFgQUSF7O
C66ndseON/1HyCFWB9D21RwwHwYDVR0jBBgwFoAUSF7OC66ndseON/1HyCFWB9D2
1RwwSwYDVR0RBEQwQoIJbG9jYWxob3N0gg5zZWN1cmUuZXhhbXBsZYINcHJveHku
ZXhhbXBsZYcEfwAAAYcQAAAAAAAAAAAAAAAAAAAAATAPBgNVHRMBAf8EBTADAQH/
MAoGCCqGSM49BAMCA0cAMEQCIAbEPtyEje0y1OMEqYUnH7Ktll1pW73+hRDirZtk
A+24AiBj7pYZ9a83ZPCt0tt17A4MH+8+SgY56JTAGNDY+jGojA==
-----END CERTIFICATE-----
`;

export const TEST_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghL66mUWNczk0rvFD
P6SppKijAVhs9LennaaDWRJSSuihRANCAARgsJRp4ueu3IPWNph667E6kIt2poCh
f0E4KnJBJ0OdSM1cDI+uDKwhyFv5g1uFyaGSxix5iKz5HDp+Xfd1CUEY
-----END PRIVATE KEY-----
`;

/**
 * What the one of `certificate.ts` is renewed by: it has another key. For localhost, 127.0.0.1 and [::1], for a hundred
 * years. Made by:
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj '/CN=Sluice test, renewed'
 *       -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' -addext 'basicConstraints=critical,CA:TRUE'
 */
export const OTHER_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBxDCCAWqgAwIBAgIUJP+Wx7FNsPW09c7Lu+RQXdIoNVgwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUU2x1aWNlIHRlc3QsIHJlbmV3ZWQwIBcNMjYxMTIyMDQwMjUw
WhgPMjEyNjEwMjkwNDAyNTBaMB8xHTAbBgNVBAMMFFNsdWljZSB0ZXN0LCByZW5l
d2VkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETYmFvhuUE9MGfkulMTyt2ofm
sAoBZ/zyfkM17WdNHRPEcO5IBDPWz9NSeKXMQ1mhI9Hw2Ov3cW69vfrFCQ2COaOB
gTB/MB0GA1UdDgQWBBQ24xceZ3UnGiuj7tg/LKwuuunUjzAfBgNVHSMEGDAWgBQ2
4xceZ3UnGiuj7tg/LKwuuunUjzAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGH
EAAAAAAAAAAAAAAAAAAAAAEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNI
ADBFAiAUwHiLLjqydEEjCxk4Ju4HbVatdC9Y+OlLAJHvlZxIRAIhAIA3tTnLgJLc
wD35iAO1i/ieGUBzd5qakVkQzX+IXV+e
-----END CERTIFICATE-----
`;

export const OTHER_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6Ti18GD252ScV7Xi
JyKqXuRLwiXjnHcqjanc2S1yXQ+hRANCAARNiYW+G5QT0wZ+S6UxPK3ah+awCgFn
/PJ+QzXtZ00dE8Rw7kgEM9bP01J4pcxDWaEj0fDY6/dxbr29+sUJDYI5
-----END PRIVATE KEY-----
`;

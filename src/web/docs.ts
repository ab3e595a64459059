/** What the script before this one left: swagger-ui-dist. */
declare const SwaggerUIBundle: (options: object) => unknown;

SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  // Asks a server of others what it thinks of the document.
  validatorUrl: null,
});

/** Whether HTTP allows a text as the name of a header: RFC 9110, 5.1. */
export const isHeaderName = (text: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);

/** As its value: visible characters, spaces, tabs and the upper half of Latin-1. RFC 9110, 5.5. */
export const isHeaderValue = (text: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(text);

/** What says where it lies. All else is a name, for a hook to tell what it stands for. */
export const isAddress = (text: string): boolean => /^(https?:\/\/|root:|upload:|r2:)/i.test(text);

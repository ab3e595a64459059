import { MediaError } from '../../core/errors.ts';
import type { Relay } from '../../core/relay.ts';
import { isAddress } from './names.ts';
import { isRefusal, isSamePlace, type Place, type Resolver } from './resolver.ts';

/** The relay for names, too: each is asked for where it lies, and once more where that place is over. */
export function withResolvedNames(relay: Relay, resolver: Resolver): Relay {
  return {
    async relay(request, asking, signal) {
      if (isAddress(request.url)) return relay.relay(request, asking, signal);
      const asked = { id: request.url, headers: request.headers };
      const at = ({ url, headers }: Place) => {
        if (isRemote(url)) return relay.relay({ ...request, url, headers }, asking, signal);
        throw new MediaError('not-offered', 'Only what lies behind an http or https URL is passed on');
      };
      const place = await resolver.place(asked, signal);
      try {
        return await at(place);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const newer = await resolver.renew(asked, place, signal);
        if (isSamePlace(newer, place)) throw error;
        return at(newer);
      }
    },
  };
}

const isRemote = (url: string): boolean => /^https?:/i.test(url);

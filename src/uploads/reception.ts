import type { IncomingMessage, Server } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { MediaError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { answerUnread, type Exchange } from './answer-unread.ts';
import { type ReceivedFile, type ReceiveRules, receiveFile } from './receive-file.ts';

/** A request with what the server for Node puts beside it: an `Exchange`. */
export interface Carrier {
  readonly env: unknown;
}

/** What a server needs to take uploads. */
export interface UploadDesk {
  /** Makes a server fit for them. Before it listens. */
  prepare(server: Server): void;
  /**
   * The file that a request carries, once its first byte is here; its sender is asked for it only now.
   * @throws MediaError `busy`, and as `receiveFile`
   */
  receive(carrier: Carrier, signal: AbortSignal): Promise<ReceivedFile>;
  /** Answers a request whose body was not read to its end, if at all, so that the answer is not lost. */
  refuse(carrier: Carrier, response: Response): Promise<Response>;
}

/** Rules of which a test may want others. */
export type DeskOptions = Pick<ReceiveRules, 'maxBytes'> & Partial<ReceiveRules>;

/** What Node gives a request beyond the time that we do, so that it is our answer that tells. */
const NODE_MARGIN = 60_000;

export function createUploadDesk(options: DeskOptions): UploadDesk {
  const rules: ReceiveRules = {
    pace: { bytes: LIMITS.uploadPace, time: LIMITS.uploadPaceTime },
    time: LIMITS.uploadTime,
    head: LIMITS.uploadHead,
    ...options,
  };
  /** Those who wait for leave to send. */
  const waiting = new WeakSet<IncomingMessage>();
  let underWay = 0;
  return {
    prepare(server) {
      server.requestTimeout = rules.time + NODE_MARGIN;
      server.on('checkContinue', (incoming, outgoing) => {
        waiting.add(incoming);
        server.emit('request', incoming, outgoing);
      });
    },
    async receive(carrier, signal) {
      const { incoming, outgoing } = exchangeOf(carrier);
      if (underWay >= LIMITS.uploadsAtOnce)
        throw new MediaError('busy', 'Other uploads are being received at the moment. Try again soon');
      underWay++;
      return receiveFile(incoming, rules, {
        signal,
        onReady: () => {
          if (waiting.delete(incoming)) outgoing.writeContinue();
        },
        onOver: () => {
          underWay--;
        },
      });
    },
    async refuse(carrier, response) {
      const exchange = exchangeOf(carrier);
      await answerUnread(exchange, response, waiting.delete(exchange.incoming));
      return RESPONSE_ALREADY_SENT;
    },
  };
}

const exchangeOf = ({ env }: Carrier): Exchange => env as Exchange;

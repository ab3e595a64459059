import { describe, expect, it } from 'vitest';
import { createRequestMetrics, type RequestSample } from '../../src/observing/metrics.ts';

const SAMPLE: RequestSample = {
  route: '/probe',
  method: 'GET',
  status: 200,
  seconds: 0.3,
  bytes: 10,
  refusal: null,
};

describe('the metrics of requests', () => {
  it('know all that was before somebody asked, however much it was', async () => {
    const { began, ended, text } = createRequestMetrics();
    for (let i = 0; i < 2500; i++) {
      began();
      ended(SAMPLE);
    }
    began();
    const { body } = await text();
    for (const line of [
      'sluice_requests_total{route="/probe",method="GET",status="200"} 2500',
      'sluice_bytes_sent_total 25000',
      'sluice_active_requests 1',
      'sluice_request_seconds_bucket{le="0.25",route="/probe"} 0',
      'sluice_request_seconds_bucket{le="0.5",route="/probe"} 2500',
    ])
      expect(body.split('\n')).toContain(line);
  });

  it('count methods that nobody has as one, and errors by their code', async () => {
    const { began, ended, text } = createRequestMetrics();
    for (const method of ['PATCH', 'BREW', 'x']) {
      began();
      ended({ ...SAMPLE, method, status: 404, bytes: null, refusal: 'not-found' });
    }
    const { body, type } = await text();
    expect(type).toMatch(/^text\/plain/);
    expect(body).toContain('sluice_requests_total{route="/probe",method="other",status="404"} 3\n');
    expect(body).toContain('sluice_refused_total{code="not-found"} 3\n');
    expect(body).toContain('sluice_bytes_sent_total 0\n');
  });

  it('of two servers in one process are apart', async () => {
    const [one, other] = [createRequestMetrics(), createRequestMetrics()];
    one.began();
    one.ended(SAMPLE);
    expect((await one.text()).body).toContain('sluice_requests_total{');
    expect((await other.text()).body).not.toContain('sluice_requests_total{');
  });
});

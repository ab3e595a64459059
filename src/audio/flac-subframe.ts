import type { DenseBits } from './dense-bits.ts';

/**
 * Reads one subframe into `samples`, all of it: RFC 9639, 9.2. False for what is none; values that no encoder makes
 * are read as they are.
 * @param bits of a sample of this subframe
 */
export function readSubframe(source: DenseBits, samples: Float64Array, bits: number): boolean {
  if (source.u(1) !== 0) return false;
  const type = source.u(6);
  const wasted = source.u(1) === 1 ? source.zeros() + 1 : 0;
  const depth = bits - wasted;
  if (depth < 1 || !readKind(source, samples, { type, depth })) return false;
  if (wasted > 0) {
    const scale = 2 ** wasted;
    for (let i = 0; i < samples.length; i++) samples[i] = (samples[i] ?? 0) * scale;
  }
  return !source.overrun;
}

interface Kind {
  readonly type: number;
  readonly depth: number;
}

const CONSTANT = 0;
const VERBATIM = 1;
const FIXED = 8;
const LINEAR = 32;

/** Coefficients of the fixed predictors by order, the last sample's first: 9.2.5. */
const FIXED_COEFFICIENTS: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

function readKind(source: DenseBits, samples: Float64Array, { type, depth }: Kind): boolean {
  if (type === CONSTANT) {
    samples.fill(source.s(depth));
    return true;
  }
  if (type === VERBATIM) {
    for (let i = 0; i < samples.length; i++) samples[i] = source.s(depth);
    return true;
  }
  const fixed = FIXED_COEFFICIENTS[type - FIXED];
  if (!fixed && type < LINEAR) return false;
  const order = fixed ? fixed.length : type - LINEAR + 1;
  if (order > samples.length) return false;
  for (let i = 0; i < order; i++) samples[i] = source.s(depth);
  const predictor = fixed
    ? { coefficients: Float64Array.from(fixed), shift: 0 }
    : readPredictor(source, order);
  if (!predictor || !readResidual(source, samples, order)) return false;
  predict(samples, predictor);
  return true;
}

interface Predictor {
  readonly coefficients: Float64Array;
  readonly shift: number;
}

const NO_PRECISION = 15;

/** 9.2.6: a negative shift is forbidden. */
function readPredictor(source: DenseBits, order: number): Predictor | null {
  const precision = source.u(4);
  const shift = source.s(5);
  if (precision === NO_PRECISION || shift < 0) return null;
  return { coefficients: Float64Array.from({ length: order }, () => source.s(precision + 1)), shift };
}

/** Residuals become samples. Sums have at most 33 + 15 + 5 bits: exact. */
function predict(samples: Float64Array, { coefficients, shift }: Predictor): void {
  const order = coefficients.length;
  const scale = 2 ** -shift;
  for (let i = order; i < samples.length; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) sum += (coefficients[j] ?? 0) * (samples[i - 1 - j] ?? 0);
    samples[i] = (samples[i] ?? 0) + Math.floor(sum * scale);
  }
}

/** Bits of a Rice parameter by coding method; all ones of them say that residuals stand as they are. */
const PARAMETER_BITS: readonly number[] = [4, 5];

/** Behind the warm-up samples: 9.2.7. */
function readResidual(source: DenseBits, samples: Float64Array, order: number): boolean {
  const parameterBits = PARAMETER_BITS[source.u(2)];
  const partitions = 2 ** source.u(4);
  const size = samples.length / partitions;
  if (parameterBits === undefined || !Number.isInteger(size) || size < order) return false;
  const allOnes = 2 ** parameterBits - 1;
  for (let partition = 0; partition < partitions && !source.overrun; partition++) {
    const part = samples.subarray(partition === 0 ? order : partition * size, (partition + 1) * size);
    const parameter = source.u(parameterBits);
    if (parameter === allOnes) readPlain(source, part);
    else readRice(source, part, parameter);
  }
  return !source.overrun;
}

function readPlain(source: DenseBits, part: Float64Array): void {
  const bits = source.u(5);
  for (let i = 0; i < part.length; i++) part[i] = source.s(bits);
}

/** Values that do not fit into 32 bits are none. */
function readRice(source: DenseBits, part: Float64Array, parameter: number): void {
  for (let i = 0; i < part.length && !source.overrun; i++) {
    const folded = (source.zeros() << parameter) | source.u(parameter);
    part[i] = (folded >>> 1) ^ -(folded & 1);
  }
}

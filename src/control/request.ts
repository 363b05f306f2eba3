// Requests as they come: nothing in them is believed.
import { ControlError, lastTime } from './protocol.ts';

/** A request that has been checked. */
export type Request =
  | { method: 'info' }
  | { method: 'list'; context: string | undefined; limit: number }
  | { method: 'show' | 'remove'; context: string | undefined; id: string }
  | { method: 'flush'; context: string | undefined; at: number | undefined; all: boolean }
  | { method: 'watch'; context: string | undefined; removals: boolean };

const parameters: Readonly<Record<Request['method'], readonly string[]>> = {
  info: [],
  list: ['context', 'limit'],
  show: ['context', 'id'],
  remove: ['context', 'id'],
  flush: ['context', 'at', 'all'],
  watch: ['context', 'removals'],
};

function isMethod(method: unknown): method is Request['method'] {
  return typeof method === 'string' && Object.hasOwn(parameters, method);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(problem: string): ControlError {
  return new ControlError('ERR_SSLCTX_CONTROL_REQUEST', problem);
}

/** @param identified - is told the request's number as soon as that is known, for the answer to a bad one */
export function readRequest(line: string, identified: (id: number) => void): Request {
  const request = parse(line);
  const { id, method, params = {} } = request;
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw refuse(`'id' must be an integer`);
  identified(id);
  if (!isMethod(method)) throw refuse(`'method' must be one of ${Object.keys(parameters).join(', ')}`);
  if (!isRecord(params)) throw refuse(`'params' must be an object`);
  const unknown = Object.keys(params).find((name) => !parameters[method].includes(name));
  if (unknown !== undefined) throw refuse(`'${method}' has no parameter '${unknown.slice(0, 40)}'`);
  if (method === 'info') return { method };
  const context = optional(params, 'context', 'string', (value) => typeof value === 'string');
  switch (method) {
    case 'list':
      return { method, context, limit: optional(params, 'limit', '0 to 10000', isIntegerTo(10_000)) ?? 100 };
    case 'flush':
      return {
        method,
        context,
        at: optional(params, 'at', `seconds since the epoch, 1 to ${lastTime}`, isTime),
        all: optional(params, 'all', 'true or false', isBoolean) ?? false,
      };
    case 'watch':
      return { method, context, removals: optional(params, 'removals', 'true or false', isBoolean) ?? false };
    default: {
      const session = optional(params, 'id', '1 to 64 hexadecimal digits', isHexadecimal);
      if (session === undefined) throw refuse(`'id' of the session is needed`);
      return { method, context, id: session.toLowerCase() };
    }
  }
}

function parse(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw refuse('a request must be one line of JSON');
  }
  if (!isRecord(value)) throw refuse('a request must be an object');
  return value;
}

function optional<T>(
  params: Record<string, unknown>,
  name: string,
  expected: string,
  isRight: (value: unknown) => value is T,
): T | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (!isRight(value)) throw refuse(`'${name}' must be: ${expected}`);
  return value;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isHexadecimal(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{1,64}$/i.test(value);
}

function isIntegerTo(max: number): (value: unknown) => value is number {
  return (value): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= lastTime;
}

/** Makes the OpenAPI 3.1 document of the gateway's API from the routes and their schemas. */
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { isList, noBody, type DescribedAnswer, type Route } from '../../src/gateway/api/route.ts';
import { routes } from '../../src/gateway/api/routes.ts';
import { problemBody } from '../../src/gateway/api/shapes.ts';

type Json = Readonly<Record<string, unknown>>;

/** The parts of an operation of the document that the page shows too. */
export interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Json[];
  readonly parameters: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
}

/** The document. */
export interface OpenApi extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Statuses with which every route that needs a token can refuse. */
export const usualRefusals = [400, 401, 403, 429, 503];

/** Statuses with which a route without a token can refuse. */
const openRefusals = [400, 429];

/** What each refusal means. */
export const refusalTexts: Readonly<Record<number, string>> = {
  400: 'not understood',
  401: 'whatever is wrong with the token',
  403: 'not allowed',
  404: 'not there, not yours, or not to be seen',
  409: 'somebody else has it, or it is there already',
  412: 'the precondition does not hold',
  413: 'too large',
  415: 'not JSON',
  422: 'understood, but cannot be done; or the key was used for another request',
  429: 'a limit is reached',
  503: 'storage or name server do not answer',
};

const valueTexts: Readonly<Record<string, string>> = {
  zone: 'name of the zone, with or without the final dot',
  name: 'absolute owner name',
  type: 'type of the records',
  customer: 'id of the customer',
  token: 'id of the token',
  child: 'name of the zone below',
};

const queryTexts: Readonly<Record<string, string>> = {
  limit: 'most entries of the page',
  cursor: '`next` of the page before',
  name: 'owner name, absolute; may be given several times where it is a list',
  type: 'type of records',
  zone: 'name of the zone',
  verb: 'what is to be done',
};

/** Makes the document of all routes. */
export function openApiDocument(): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'domainsync gateway',
      version: '1',
      description: 'Zones of customers, their records, and the orders of the operator.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        customer: { type: 'http', scheme: 'bearer', description: 'a token of a customer' },
        holder: { type: 'http', scheme: 'bearer', description: 'any token, also from other addresses' },
        operator: { type: 'http', scheme: 'bearer', description: 'a token of the operator' },
      },
      schemas: { Problem: schemaOf(problemBody) },
      responses: refusalResponses(),
    },
  };
}

function operation(route: Route): Operation {
  const { audience, about, body } = route;
  return {
    summary: about,
    tags: [audience],
    security: audience === 'anyone' ? [] : [{ [audience]: [] }],
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(body === noBody
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: { ...answersOf(route), ...refusalsOf(route) },
  };
}

function pathParameters({ parts }: Route): readonly Json[] {
  return parts
    .filter((part) => part.startsWith('{'))
    .map((part) => part.slice(1, -1))
    .map((name) => ({
      name,
      in: 'path',
      required: true,
      description: valueTexts[name] ?? '',
      schema: { type: 'string' },
    }));
}

function queryParameters({ query }: Route): readonly Json[] {
  return Object.entries(query.entries).map(([name, entry]) => ({
    name,
    in: 'query',
    required: entry.type !== 'optional',
    description: queryTexts[name] ?? '',
    ...(isList(entry) ? { explode: true } : {}),
    schema: schemaOf(entry),
  }));
}

function headerParameters({ headers = {} }: Route): readonly Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

function answersOf({ answers }: Route): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)]));
}

function answerOf({ about, body, headers, line }: DescribedAnswer): Json {
  const content = {
    ...(body === null ? {} : { 'application/json': { schema: schemaOf(body) } }),
    ...(line === undefined ? {} : { 'application/jsonl': { schema: schemaOf(line) } }),
  };
  return {
    description: about,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

function headersOf(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );
}

function refusalsOf({ audience, body, refusals }: Route): Readonly<Record<string, Json>> {
  const usual = audience === 'anyone' ? openRefusals : usualRefusals;
  const statuses = [...usual, ...refusals, ...(body === noBody ? [] : [413, 415])];
  return Object.fromEntries(
    [...new Set(statuses)]
      .sort((one, other) => one - other)
      .map((status) => [String(status), { $ref: `#/components/responses/${refusalName(status)}` }]),
  );
}

function refusalName(status: number | string): string {
  return `refusal-${status}`;
}

/** The descriptions of all refusals, by name. */
function refusalResponses(): Json {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const later = headersOf({ 'Retry-After': 'seconds after which to try again' });
  return Object.fromEntries(
    Object.entries(refusalTexts).map(([status, description]) => [
      refusalName(status),
      { description, ...(['429', '503'].includes(status) ? { headers: later } : {}), content },
    ]),
  );
}

/** The JSON schema of a body. Its `$schema` is left out, because the document names the dialect once. */
function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _dialect, ...rest } = toJsonSchema(schema, {
    typeMode: 'input',
    target: 'draft-2020-12',
    // JSON Schema reads patterns as with the flag `u`. Ours have this flag, so their text can stay as it is.
    overrideAction: ({ valibotAction, jsonSchema }) =>
      isPattern(valibotAction) ? { ...jsonSchema, pattern: valibotAction.requirement.source } : undefined,
  });
  return rest;
}

function isPattern(action: object): action is { readonly requirement: RegExp } {
  return 'requirement' in action && action.requirement instanceof RegExp;
}

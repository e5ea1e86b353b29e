/** Makes docs/api.md from the OpenAPI document of the gateway's API. */
import { refusalTexts, usualRefusals, type OpenApi, type Operation } from './document.ts';
import { wrapped } from '../wrapped.ts';

const head = `# API of the gateway

Made by \`npm run api-docs\` from the routes in \`src/gateway/api\`; do not edit by hand. The same as an OpenAPI 3.1
document: [openapi.json](openapi.json), which a gateway answers at \`/v1/openapi.json\`.

A request has its token in the header \`Authorization: Bearer dsg_...\`. Bodies are JSON. Names are absolute, TTLs are
seconds, times are milliseconds since 1970.

## Refusals

They are problem details (RFC 9457): \`code\`, \`state\` (\`untouched\`, \`partial\`, \`unknown\`: what the request left),
\`retry\` (\`later\`, \`never\`), \`problems\`. "Not there", "not yours" and "not to be seen" are the same 404. Whatever is
wrong with a token is the same 401. All codes: [messages.md](messages.md#gateway).

${Object.entries(refusalTexts)
  .map(([status, text]) => `- ${status}: ${text}`)
  .join('\n')}

Every request that needs a token can be refused with ${usualRefusals.join(', ')}. The list below has only the others.
Without a token: 400, 429.

## Requests that are sent again

- A change of records has a **key**, in its body or in the header \`Idempotency-Key\`. The key is unique for the token.
  The same key again answers the same and writes nothing. With another request it is refused (422).
- \`POST /v1/zones/{zone}/changes\` demands a key. For \`PUT\` and \`DELETE\` of an RRset it may be left out: a
  repetition has the same effect, but its answer says that nothing was changed.
- A create or delete of a zone may have a key, too. Once it is done, the same request answers the same and does
  nothing: it neither makes a zone again that was deleted since, nor deletes one that was made since. A request that
  has failed leaves its key free.
- Other requests that write can be repeated without a key. The list below says what a repetition answers.
- A token, its new text and a code are shown once. So a key is refused there, and a repetition makes another one.

## Preconditions

Each RRset has a strong entity tag: a hash of its type, TTL and data. The order of its records does not matter.

- \`If-Match: "TAG"\` writes only if the RRset is still the one that the client has read.
- \`If-None-Match: *\` writes only if there is no such RRset.
- The tag is compared with what the name server has when it is the request's turn. If it differs, the answer is 412,
  and nothing was written.
- A precondition needs the right \`read\`.

## Limits

The section \`[limits]\` of the settings has them ([gateway.md](gateway.md#limits)). Each answer to a known token says
how many requests are left, in \`RateLimit-Policy\` and \`RateLimit\` (draft-ietf-httpapi-ratelimit-headers). Over a
limit the answer is 429 with \`Retry-After\`, and nothing was changed. Requests without a token are limited by address.

## Lists in pages

\`limit\` says how many entries a page has, at most 9,999. \`next\` of a page is the \`cursor\` of the page behind it;
\`null\`: there is none. Entries that come or go between two pages do not shift the others.
`;

const audiences: readonly (readonly [string, string])[] = [
  ['customer', 'Tokens of customers'],
  ['holder', 'Any token that somebody holds'],
  ['operator', 'Tokens of the operator'],
  ['anyone', 'Without a token'],
];

/** Makes the page. */
export function apiPage({ paths }: OpenApi): string {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const parts = audiences.map(([tag, heading]) => {
    const own = all.filter(({ operation }) => operation.tags.includes(tag));
    return [
      `## ${heading}\n`,
      ...own.map(({ method, path, operation }) => entry(method, path, operation)),
    ].join('\n');
  });
  return [head, ...parts].join('\n');
}

function entry(
  method: string,
  path: string,
  { summary, parameters, requestBody, responses }: Operation,
): string {
  const refused = Object.entries(responses)
    .filter(([status, answer]) => '$ref' in answer && !usualRefusals.includes(Number(status)))
    .map(([status]) => status);
  const lists = [
    ...parameters
      .filter((parameter) => parameter['in'] !== 'path')
      .map((parameter) => {
        const place = parameter['in'] === 'query' ? '' : 'header ';
        const need = parameter['required'] === true ? ' (needed)' : '';
        return `- ${place}\`${String(parameter['name'])}\`${need}: ${String(parameter['description'])}`;
      }),
    ...(requestBody === undefined ? [] : [`- body: ${fieldsOf(requestBody)}`]),
    ...Object.entries(responses)
      .filter(([, answer]) => !('$ref' in answer))
      .map(([status, answer]) => `- ${status}: ${answerText(answer)}`),
    ...(refused.length === 0 ? [] : [`- refused with: ${refused.join(', ')}`]),
  ];
  return `### \`${method} ${path}\`\n\n${summary}\n\n${lists.map(wrapped).join('\n')}\n`;
}

function answerText(answer: Readonly<Record<string, unknown>>): string {
  const about = String(answer['description']);
  const content = answer['content'];
  return content === undefined ? about : `${about}: ${fieldsOf({ content })}`;
}

/** The fields of a JSON body, in words. An optional field has a question mark. */
function fieldsOf({ content }: Readonly<Record<string, unknown>>): string {
  const json = field(field(content, 'application/json'), 'schema');
  const properties = field(json, 'properties');
  if (typeof properties !== 'object' || properties === null) return 'JSON';
  const required: unknown = field(json, 'required');
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  return Object.keys(properties)
    .map((name) => `\`${name}${needed.has(name) ? '' : '?'}\``)
    .join(', ');
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

import openapi from '../../../docs/openapi.json' with { type: 'json' };
import * as v from 'valibot';
import { driftRoutes } from './drift-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { noBody, noQuery, okAnswer, openRoute, routesAt, type Route } from './route.ts';
import { rrsetRoutes } from './rrset-routes.ts';
import { tokenRoutes } from './token-routes.ts';
import { zoneRoutes } from './zone-routes.ts';

const documentRoute = openRoute({
  method: 'GET',
  path: '/v1/openapi.json',
  about: 'This API as an OpenAPI 3.1 document.',
  query: noQuery,
  body: noBody,
  answers: { 200: { about: 'the document', body: v.looseObject({ openapi: v.literal('3.1.0') }) } },
  refusals: [],
  answer: async () => await Promise.resolve(okAnswer(openapi)),
});

/** All functions of the API. */
export const routes: readonly Route[] = [
  documentRoute,
  ...zoneRoutes,
  ...rrsetRoutes,
  ...tokenRoutes,
  ...operatorRoutes,
  ...driftRoutes,
];

/** The methods that a path has. */
export function allowedMethods(path: string): readonly string[] {
  return routesAt(routes, path).map(({ method }) => method);
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CentralError } from '../../core/central.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { askGateway } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench } from '../../testing/accounts/gateway.ts';
import { missingPrograms, until } from '../../testing/servers/process.ts';
import { sendToGateway } from '../../testing/accounts/ask-gateway.ts';
import { openStorage } from '../serve.ts';

/**
 * The complete environment of an agent that the hook or a command starts. The hook's own environment must not
 * be passed on, because it contains a user's request with its secrets. Variables for Node.js (`NODE_OPTIONS`,
 * `NODE_EXTRA_CA_CERTS`) or the loader (`LD_PRELOAD`) must not be passed on either.
 */
export const agentEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * Options of Node.js for the agent, as in `plugin/system/domainsync-agent.service`. By default, the space for
 * young objects becomes larger than all other memory of the agent. The more memory the agent has, the longer
 * it takes to start the panel's tool.
 */
export const agentOptions: readonly string[] = ['--max-semi-space-size=4'];

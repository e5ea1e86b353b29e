/**
 * The complete environment of an agent that the hook or a command starts. The hook's own environment must not
 * be passed on, because it holds a user's request, with secrets. Variables that change Node.js
 * (`NODE_OPTIONS`, `NODE_EXTRA_CA_CERTS`) or the loader (`LD_PRELOAD`) must not be passed on either.
 */
export const agentEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * Options of Node.js for the agent, as in `plugin/system/domainsync-agent.service`. By default, the space for
 * young objects grows to more than all other memory of the agent. Starting the panel's tool takes longer the
 * more memory the agent has.
 */
export const agentOptions: readonly string[] = ['--max-semi-space-size=4'];

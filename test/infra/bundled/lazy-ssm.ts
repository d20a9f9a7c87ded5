import middy from '@middy/core';

/** Loads the SSM client on first use, and all of its package. */
export const handler = middy(async (event: { name?: string }) => {
  if (event.name === undefined) return { looked: false };
  const { SSMClient, GetParameterCommand } = await import('@aws-sdk/client-ssm');
  const client = new SSMClient({});
  const { Parameter } = await client.send(new GetParameterCommand({ Name: event.name }));
  client.destroy();
  return { looked: true, value: Parameter?.Value };
});

// A reporter for the program that started the tests: the names of those that ran and passed, one JSON text a line.

export default async function* ran(events) {
  for await (const { type, data } of events) {
    const isTest = type === 'test:pass' && data.details?.type !== 'suite';
    if (isTest && data.skip === undefined && data.todo === undefined) yield `${JSON.stringify(data.name)}\n`;
  }
}
